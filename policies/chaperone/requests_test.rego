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

# Our token shown for one call: the person's attributes are not in it.
used(parent, permissions) := object.union(founding, {
	"phase": "use",
	"subject": {"claims": {}, "departments": [], "roles": []},
	"actor": {"claims": {}, "capabilities": []},
	"asked": {"capabilities": [], "permissions": permissions},
	"parent": parent,
})
