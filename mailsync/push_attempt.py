"""What is asked of the server for one claimed row, and what is to be recorded then.

The decision alone: ``outbox`` claims before it and commits the record after it. At most
one of create, update and delete is carried out; looking comes first wherever anything
is in doubt, and before every create: a restored backup may not know of an item.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from crm_core.database import transaction
from crm_core.mirroring import pushes
from crm_core.mirroring.mirror_fields import (
    A_DAY,
    Judgement,
    Seen,
    alive,
    chosen,
    judge,
    same,
)
from crm_core.mirroring.pushes import Push
from crm_core.models import Drift
from mailsync.errors import Conflict, ItemGone, Transient
from mailsync.port import ItemRef, MailboxPort, RemoteItem
from mailsync.steps import step
from mailsync.task_mapping import ITEM_KIND, item_ref, seen, wanted_item

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is asked of the server for one claimed row, and what to record then."""

    port: MailboxPort
    push: Push
    counts: Counter[str]

    def carry_out(self) -> Callable[[], None]:
        """At most one of create, update, delete; returns the record to commit."""
        push = self.push
        if push.external_id is not None and not push.doubt:
            ref = ItemRef(push.external_id, push.change_key)
            with suppress(Conflict, ItemGone):
                return self._update(ref) if push.present else self._delete(ref)
        return self._look()

    def _look(self) -> Callable[[], None]:
        push = self.push
        found = seen(push.kind, self._find())
        step("looked")
        found = self._without_twins(found)
        try:
            if not push.present:
                return self._remove(found)
            return self._settle(found)
        except (Conflict, ItemGone) as error:
            text = "the item changes while we look at it: look again"
            raise Transient(text, code=error.code) from error

    def _find(self) -> list[RemoteItem]:
        push = self.push
        known = push.external_id is not None or push.written.creates > 0
        return self.port.find_task(ITEM_KIND[push.kind], push.crm_key, everywhere=known)

    def _settle(self, found: list[Seen]) -> Callable[[], None]:
        """The copy shall be there: what is found decides."""
        push = self.push
        judgement = judge(push.kind, push.written, push.external_id, found)
        if judgement.drift is not None and not self._history_lost(judgement):
            return self._drifted(judgement)
        item = judgement.item
        if item is None:
            return self._create()
        if push.doubt:
            self.counts["found_after_doubt"] += 1
        if self._is_the_attempt(item):
            return self._pushed(item_ref(item), push.written.creates)
        return self._update(item_ref(item))

    def _history_lost(self, judgement: Judgement) -> bool:
        """An item of ours whose writing a restored backup does not know of: it is
        adopted and brought up to date, unless the employee has finished it.
        """
        never_written = self.push.external_id is None and not self.push.doubt
        return never_written and judgement.drift is Drift.CHANGED

    def _is_the_attempt(self, item: Seen) -> bool:
        """Whether the item found is what the create in doubt has made, word for word
        (an update in doubt may have failed to change the text: it is repeated).
        """
        push = self.push
        made = push.doubt and push.external_id is None
        if not made or push.written.trying_version != push.version:
            return False
        return same(push.kind, push.wanted, item.fields, tolerance=A_DAY)

    def _create(self) -> Callable[[], None]:
        with transaction():
            creates = pushes.about_to_create(self.push)
        step("about to create")
        if creates is None:
            raise Transient("the claim ran out before the request")
        ref = self.port.create_task(wanted_item(self.push))
        step("created")
        return self._pushed(ref, creates)

    def _update(self, ref: ItemRef) -> Callable[[], None]:
        new = self.port.update_task(ref, wanted_item(self.push))
        step("updated")
        return self._pushed(new, self.push.written.creates)

    def _delete(self, ref: ItemRef) -> Callable[[], None]:
        self.port.delete_task(ITEM_KIND[self.push.kind], ref)
        step("deleted")
        return self._removed(confirmed=True)

    def _remove(self, found: list[Seen]) -> Callable[[], None]:
        item = chosen(found, self.push.external_id)
        if item is not None:
            return self._delete(item_ref(item))
        known = bool(found) or self.push.external_id is not None
        return self._removed(confirmed=known)

    def _without_twins(self, found: list[Seen]) -> list[Seen]:
        """One of several living items stays, if creating was tried more than once.

        Otherwise a second one is a copy the employee made, and none of our business.
        """
        living = alive(found)
        if self.push.written.creates < 2 or len(living) < 2:
            return found
        kept = chosen(living, self.push.external_id)
        for twin in living:
            if twin is not kept:
                with suppress(ItemGone):
                    self.port.delete_task(ITEM_KIND[self.push.kind], item_ref(twin))
                step("twin deleted")
        return [item for item in found if item is kept or item not in living]

    def _pushed(self, ref: ItemRef, creates: int) -> Callable[[], None]:
        def record() -> None:
            pushes.record_pushed(
                self.push,
                external_id=ref.external_id,
                change_key=ref.change_key,
                creates=creates,
            )
            self.counts["pushed"] += 1
            _log.info("mirror_pushed", mirror=self.push.mirror_id)

        return record

    def _removed(self, *, confirmed: bool) -> Callable[[], None]:
        def record() -> None:
            pushes.record_removed(self.push, confirmed=confirmed)
            self.counts["removed"] += 1
            _log.info("mirror_removed", mirror=self.push.mirror_id)

        return record

    def _drifted(self, judgement: Judgement) -> Callable[[], None]:
        def record() -> None:
            pushes.record_drift(self.push, judgement)
            self.counts["drifted"] += 1
            _log.info("drift_seen", mirror=self.push.mirror_id)

        return record
