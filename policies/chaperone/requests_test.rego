# The requests that the tests start from, each as the sidecar would send it.
package chaperone_test.requests

founding := {
	"phase": "issue",
	"subject": {
		"issuer": "urn:chaperone:gateway",
		"claims": {"Department": "Operations", "Role": "Director"},
		"departments": ["Operations"],
		"roles": ["Director"],
	},
	"actor": {
		"issuer": "urn:chaperone:gateway",
		"claims": {"Capabilities": "book_flight"},
		"capabilities": ["book_flight"],
		"type": "ai_agent",
	},
	"chain": [],
	"asked": {"capabilities": ["book_flight"], "permissions": []},
	"context": {},
	"time": wednesday_noon,
}

wednesday_noon := 1781092800

hour := 3600

day := 86400

# A person of a department in a role, through an agent that is able to do one thing and asks for it.
staff(department, role, capability) := object.union(founding, {
	"subject": {"id": "alice", "departments": [department], "roles": [role]},
	"actor": {"id": "helper", "capabilities": [capability]},
	"asked": {"capabilities": [capability]},
	"action": {"name": capability, "properties": {}},
})

payment(amount, currency) := object.union(
	staff("Finance", "Accountant", "pay_invoice"),
	{"action": {"properties": {"amount": amount, "currency": currency}}},
)

record(role, tier) := object.union(
	staff("Support", role, "read_record"),
	{"resource": {"type": "record", "id": "r-1", "properties": {"tier": tier}}},
)

restart(time) := object.union(staff("Engineering", "Engineer", "restart_service"), {"time": time})

autonomous := object.union(founding, {
	"subject": {"id": "stock-agent", "departments": [], "roles": []},
	"actor": {"id": "stock-agent", "capabilities": ["reorder_stock"]},
	"asked": {"capabilities": ["reorder_stock"]},
})

# What the sidecar says of the grant that a token of ours stands for: first in its chain, with room for two hops more.
parent(audience, permissions) := {
	"id": "g-1",
	"audience": audience,
	"audiences": [audience],
	"permissions": permissions,
	"depth": 1,
	"max_depth": 3,
	"expires_at": wednesday_noon + 60,
}

# Our token shown for one call: the person's attributes are not in it.
used(grant, permissions) := object.union(founding, {
	"phase": "use",
	"subject": {"claims": {}, "departments": [], "roles": []},
	"actor": {"claims": {}, "capabilities": []},
	"asked": {"capabilities": [], "permissions": permissions},
	"parent": grant,
})

# Our token exchanged onward by the next agent.
handed_on(grant, permissions) := object.union(used(grant, permissions), {
	"phase": "delegate",
	"subject": {"id": "alice", "issuer": "https://idp.example"},
	"actor": {"id": "flight-search", "issuer": "https://idp.example"},
	"chain": [{"id": "travel-planner", "issuer": "https://idp.example"}],
})
