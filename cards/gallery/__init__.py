"""Every card of the product with believable values, for the emulator's gallery and the tests."""

from cards.gallery import lead, people, staff, store, whole
from cards.gallery.sample import Sample

GALLERY: tuple[Sample, ...] = (
    *lead.samples(),
    *store.samples(),
    *people.samples(),
    *staff.samples(),
    *whole.samples(),
)
FILES = whole.FILES

__all__ = ["FILES", "GALLERY", "Sample"]
