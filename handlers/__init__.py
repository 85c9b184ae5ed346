"""Words in, card out: the product's commands and pages on one screen."""

from handlers import console, delivery, help, lead, momentum, person, roster

ALL = (
    lead.commands,
    momentum.commands,
    roster.commands,
    person.commands,
    delivery.commands,
    console.commands,
    help.commands,
)
ROUTES = (console.routes,)
