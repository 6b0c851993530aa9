# METADATA
# title: The next hop
# description: >-
#   Who may act next with a part of this grant, where to, and how deep the chain may grow: what settings/delegation
#   says of the chosen role, never more than the parent grant has. What is not said, or not said well, is no: the
#   chain ends here.
# schemas:
#   - input: schema["input.schema"]
package chaperone.delegation

import data.chaperone.least_privilege

# METADATA
# title: The verdict's member
# description: Empty when the chain ends here, because a verdict without `delegation` says just that.
default member := {}

member := {"delegation": terms}

# METADATA
# title: Terms of the next hop
# description: Undefined when the chain ends here, and always when one of the parties is unnamed.
terms := {"may_act": may_act, "audiences": audiences, "max_depth": max_depth} if {
	is_string(input.subject.id)
	is_string(input.actor.id)
	settings := data.chaperone.settings.delegation[least_privilege.choice.role]
	_well_formed(settings)
	may_act := [next | some next in settings.may_act; not _is_actor(next)]
	count(may_act) > 0
	audiences := [audience | some audience in settings.audiences; _is_open(audience)]
	count(audiences) > 0
	max_depth := _max_depth(settings)
}

# Nobody hands over to oneself; the sidecar would refuse the cycle.
_is_actor(party) if {
	party.iss == input.actor.issuer
	party.sub == input.actor.id
}

_is_open(_) if input.phase == "issue"

_is_open(audience) if {
	input.phase == "delegate"
	audience in input.parent.audiences
}

# The chain of this grant is one longer than its parent's, and has to leave room for one more.
_max_depth(settings) := settings.max_depth if {
	input.phase == "issue"
} else := max_depth if {
	input.phase == "delegate"
	max_depth := min([settings.max_depth, input.parent.max_depth])
	input.parent.depth + 1 < max_depth
}

# Half of a rule is no rule: one wrong member ends the chain.
_well_formed(settings) if {
	object.keys(settings) == {"may_act", "audiences", "max_depth"}
	_is_list(settings.may_act)
	every next in settings.may_act {
		object.keys(next) == {"iss", "sub"}
		_is_name(next.iss)
		_is_name(next.sub)
	}
	_is_list(settings.audiences)
	every audience in settings.audiences {
		_is_name(audience)
	}
	settings.max_depth in {2, 3, 4, 5, 6, 7, 8}
}

_is_list(value) if {
	is_array(value)
	count(value) > 0
	count(value) <= 64
}

_is_name(value) if {
	is_string(value)
	count(value) > 0
	count(value) <= 256
}
