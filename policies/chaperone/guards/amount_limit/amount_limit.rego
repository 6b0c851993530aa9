# METADATA
# title: Amount limit
# description: A payment states an amount in the agreed currency, small enough; above a threshold a person approves.
# schemas:
#   - input: schema["input.schema"]
package chaperone.guards.amount_limit

import data.chaperone.asked

# METADATA
# title: The amount is small enough
# description: Clear when nothing is paid, or when the amount is a positive number up to the approval threshold.
# custom:
#   code: amount_limit
#   remedy: State amount and currency in action.properties; lower the amount, or change settings/amount_limit.
# related_resources:
#   - docs/policies.md#guards
default clear := false

clear if {
	asked.none_of(data.chaperone.settings.amount_limit)
} else if {
	settings := data.chaperone.settings.amount_limit
	_amount(settings) <= settings.approval_above
}

# METADATA
# title: The amount is small enough once a person approves
# description: Above the threshold and up to the maximum, an approval settles it.
# custom:
#   code: amount_limit
#   remedy: Ask a person to approve, or change settings/amount_limit.
# related_resources:
#   - docs/policies.md#guards
default clear_with_approval := false

clear_with_approval if {
	settings := data.chaperone.settings.amount_limit
	_amount(settings) > settings.approval_above
	_amount(settings) <= settings.max
}

# METADATA
# title: Message
# description: What people read when the guard is not clear.
message := "The payment states no amount in the agreed currency, or an amount above the limit."

# METADATA
# title: Approval message
# description: What people read when an approval would settle it.
approval_message := "A payment of this amount needs a person's approval."

_amount(settings) := amount if {
	amount := input.action.properties.amount
	is_number(amount)
	amount > 0
	is_number(settings.approval_above)
	is_number(settings.max)
	input.action.properties.currency == settings.currency
}
