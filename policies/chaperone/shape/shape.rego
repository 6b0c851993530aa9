# METADATA
# title: Shape of the input
# description: >-
#   Every member that the sidecar always sends is there with its type, and so is every optional member that is
#   there at all. Rules may then read the input without asking again; what is not well formed is denied.
package chaperone.shape

# METADATA
# title: The input has its shape
# description: True when no required member is missing and no member has another type than its own.
default well_formed := false

well_formed if {
	input.phase in {"issue", "delegate", "use"}
	is_number(input.time)
	is_object(input.context)
	is_string(object.get(input, "audience", ""))
	_subject
	_actor
	_chain
	_asked
	_action
	_resource
	_parent
}

_subject if {
	_party(input.subject)
	_strings(input.subject.departments)
	_strings(input.subject.roles)
}

_actor if {
	_party(input.actor)
	_strings(input.actor.capabilities)
	is_string(input.actor.type)
}

_party(party) if {
	is_string(object.get(party, "id", ""))
	is_string(party.issuer)
	is_object(party.claims)
}

_chain if {
	is_array(input.chain)
	every hop in input.chain {
		is_string(hop.id)
		is_string(hop.issuer)
	}
}

_asked if {
	_strings(input.asked.capabilities)
	_strings(input.asked.permissions)
}

_action if {
	action := object.get(input, "action", {"name": "", "properties": {}})
	is_string(action.name)
	is_object(action.properties)
}

_resource if {
	resource := object.get(input, "resource", {"type": "", "properties": {}})
	is_string(resource.type)
	is_string(object.get(resource, "id", ""))
	is_object(resource.properties)
}

_parent if {
	parent := object.get(input, "parent", _no_parent)
	is_string(parent.id)
	is_string(parent.audience)
	_strings(parent.audiences)
	_strings(parent.permissions)
	is_number(parent.depth)
	is_number(parent.max_depth)
	is_number(parent.expires_at)
}

# Stands in for a parent that is not there at all.
_no_parent := {
	"id": "",
	"audience": "",
	"audiences": [],
	"permissions": [],
	"depth": 0,
	"max_depth": 0,
	"expires_at": 0,
}

_strings(list) if {
	is_array(list)
	every element in list {
		is_string(element)
	}
}
