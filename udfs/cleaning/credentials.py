"""Keys, tokens and passwords in a text, replaced by placeholders: the steps, and what a text must hold for each.

Private keys first, then what has an issuer's form, what stands where secrets stand, and what is assigned to a name
that says so. Hashes survive under every other name.
"""

from __future__ import annotations

from udfs.cleaning import assigned, issued, logins, private_keys, secrecy
from udfs.cleaning.needles import Needle
from udfs.cleaning.placeholders import Step

DATA = (issued.DATA, secrecy.DATA)
STEPS: tuple[Step, ...] = (
    private_keys.replace_private_keys,
    issued.replace_issued,
    logins.replace_placed,
    assigned.replace_assigned,
)
NEEDLES: dict[str, Needle] = {
    **private_keys.NEEDLES,
    **{name: form.needle for name, form in issued.FORMS.items()},
    **logins.NEEDLES,
    **assigned.NEEDLES,
}
"""What a text holds that a step may change. A placeholder put in by a step before brings none of it about."""
