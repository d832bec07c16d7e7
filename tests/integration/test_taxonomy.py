"""The taxonomy changed by hand, and what entries, keywords and re-imports make of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from crm_world import World

from crm_core import database, languages
from crm_core.access import people
from crm_core.database import transaction
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.linking import keyword_acts
from crm_core.models import (
    Access,
    AuditEvent,
    Colour,
    Subtag,
    SubtagKeyword,
    Suggestion,
    SuggestionReason,
    Tag,
    TagGroup,
    TagGroupAccess,
    TaskKind,
    TaskTemplate,
)
from crm_core.queries import entry_list, subtag_choice
from crm_core.queries import taxonomy as reading
from crm_core.queries.entry_list import EntryFilter
from crm_core.records import entries
from crm_core.records.entries import EntryDraft
from crm_core.tags import classification, starter_set, subtag_details, taxonomy
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec
from crm_core.tags.subtag_details import TemplateDraft
from crm_core.tags.taxonomy import GroupDraft, Names, SubtagDraft


@pytest.fixture
def world(db: str) -> Iterator[World]:
    yield World()
    languages.read_in("de")


def offerte() -> Subtag:
    return classification.subtag_by_key("offerte")


def change(draft: SubtagDraft, seen: str | None = None) -> None:
    subtag = offerte()
    taxonomy.change_subtag(
        subtag,
        subtag.tag,
        draft,
        actor="test",
        seen=seen or taxonomy.fingerprint(subtag),
    )


def test_a_new_branch_can_be_used_at_once(world: World) -> None:
    staff_group = TagGroupAccess.select().where(
        TagGroupAccess.access == Access.FULL
    ).first().staff_group_id  # fmt: skip
    with transaction():
        group = taxonomy.add_group(
            GroupDraft(
                Names("Hafen", "Harbour"), Colour.TEAL, (), {staff_group: Access.FULL}
            ),
            actor="test",
        )
        tag = taxonomy.add_tag(group, Names("Platz"), actor="test")
        taxonomy.add_subtag(tag, SubtagDraft(Names("Miete"), ("#Miete",)), actor="test")
    (choice,) = subtag_choice.choices(world.viewer()).matching("miete")
    assert choice.path == "Hafen › Platz › Miete"
    entry = world.entry(world.address("Meier"), "Liegeplatz", "miete")
    assert entry.subtag.tag.group == group
    assert [row.action for row in AuditEvent.select()].count("taxonomy_added") == 3


def test_a_change_of_what_somebody_else_changed_is_refused(world: World) -> None:
    seen = taxonomy.fingerprint(offerte())
    with transaction():
        change(SubtagDraft(Names("Offerte"), ("angebot",)))
    with transaction(), pytest.raises(Conflict, match="changed meanwhile"):
        change(SubtagDraft(Names("Meins")), seen)
    assert offerte().name == "Offerte"


@pytest.mark.parametrize(
    "draft",
    [
        SubtagDraft(Names("Andere")),
        SubtagDraft(Names("Offerte", "Quote")),
        SubtagDraft(Names("Offerte"), ("wort",)),
        SubtagDraft(Names("Offerte"), required=("note",)),
        SubtagDraft(Names("Offerte"), templates=(TemplateDraft("Tun"),)),
    ],
)
def test_every_part_of_a_subtag_is_in_its_fingerprint(
    world: World, draft: SubtagDraft
) -> None:
    before = taxonomy.fingerprint(offerte())
    assert taxonomy.fingerprint(offerte()) == before
    with transaction():
        change(draft)
    assert taxonomy.fingerprint(offerte()) != before


def test_two_who_save_at_once_do_not_overwrite_each_other(world: World) -> None:
    seen, start = taxonomy.fingerprint(offerte()), Barrier(2)

    def save(name: str) -> str:
        try:
            start.wait()
            with transaction():
                change(SubtagDraft(Names(name)), seen)
        except Conflict:
            return "refused"
        finally:
            database.close()
        return name

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(save, ("Eins", "Zwei")))
    assert done.count("refused") == 1
    assert offerte().name in done


def test_names_and_keywords_are_refused_in_words(world: World) -> None:
    with transaction():
        change(SubtagDraft(Names("Offerte"), ("offerte",)))
    motor = classification.subtag_by_key("stoerung")
    for draft, code in (
        (SubtagDraft(Names(" ")), "required"),
        (SubtagDraft(Names("x" * 81)), "length"),
        (SubtagDraft(Names("Motor"), ("OFFERTE",)), "taken"),
        (SubtagDraft(Names("Motor"), ("zwei worte",)), "shape"),
        (SubtagDraft(Names("Motor"), ("123",)), "shape"),
        (SubtagDraft(Names("Motor"), templates=(TemplateDraft("x" * 201),)), "length"),
        (
            SubtagDraft(Names("Motor"), templates=(TemplateDraft("x", days=400),)),
            "days",
        ),
    ):
        with pytest.raises(Invalid) as refused, transaction():
            taxonomy.add_subtag(motor.tag, draft, actor="test")
        assert refused.value.code == code
    with pytest.raises(NotFound):
        taxonomy.tag(999)


def test_a_used_subtag_is_kept_an_unused_one_goes(world: World) -> None:
    world.entry(world.address("Meier"), "Boot", "offerte")
    with transaction(), pytest.raises(Conflict, match="in use"):
        taxonomy.delete(offerte(), actor="test")
    motor = classification.subtag_by_key("stoerung")
    mail = world.mail("meier@kunde.example", "#stoerung")
    with transaction():
        Suggestion.create(
            message=mail,
            subtag=motor,
            reason=SuggestionReason.OUTSIDE_KEYWORD,
            made_at="2026-11-24T08:00:00.000Z",
        )
    with transaction(), pytest.raises(Conflict):
        taxonomy.delete(motor, actor="test")
    Suggestion.delete().execute()
    with transaction():
        taxonomy.delete(motor, actor="test")
        taxonomy.delete(Tag.get(Tag.key == "motor"), actor="test")
        taxonomy.delete(TagGroup.get(TagGroup.key == "werkstatt"), actor="test")
    assert [group.key for group in reading.tree()] == ["verkauf"]


@pytest.mark.parametrize("level", ["subtag", "tag", "group"])
def test_what_is_retired_opens_no_entry_and_keeps_its_own(
    world: World, level: str
) -> None:
    address = world.address("Meier")
    entry = world.entry(address, "Boot", "offerte")
    subtag = offerte()
    row = {"subtag": subtag, "tag": subtag.tag, "group": subtag.tag.group}[level]
    with transaction():
        taxonomy.set_active(row, active=False, actor="test")
    assert subtag_choice.choices(world.viewer()).matching("offerte") == ()
    assert subtag_choice.choices(world.viewer(), keep="offerte").matching("offerte")
    with transaction(), pytest.raises(Invalid) as refused:
        entries.create(address.id, "offerte", "Neu", actor="test")
    assert refused.value.field == "subtag"
    with transaction():  # what has it already may be changed
        draft = EntryDraft("Anders", address.id, "offerte")
        entries.rewrite(entry, draft, actor="test")
    other = world.entry(address, "Motor", "stoerung")
    with transaction(), pytest.raises(Invalid):
        entries.rewrite(other, EntryDraft("M", address.id, "offerte"), actor="test")
    with transaction():
        taxonomy.set_active(row, active=True, actor="test")
    world.entry(address, "Neu", "offerte")


def test_the_default_responsible_has_entries_that_name_nobody(world: World) -> None:
    huber = world.employee("huber")
    with transaction():
        change(SubtagDraft(Names("Offerte"), responsible=huber))
    address = world.address("Meier")
    assert world.entry(address, "Boot", "offerte").responsible == huber
    huber.active = False
    huber.save()
    assert world.entry(address, "Boot", "offerte").responsible is None


def test_names_are_read_in_the_readers_language(world: World) -> None:
    world.entry(world.address("Meier"), "Boot", "offerte")
    with transaction():
        change(SubtagDraft(Names("Offerte", "Quote")))
    viewer = world.viewer()
    for language, name in (("en", "Quote"), ("de", "Offerte")):
        languages.read_in(language)
        (row,) = entry_list.page(viewer, EntryFilter()).rows
        assert (row.tag_group, row.subtag) == ("Verkauf", name)


def test_a_repeated_import_keeps_what_a_file_cannot_say(world: World) -> None:
    spec = TagGroupSpec(
        "verkauf",
        "Verkauf",
        tags=(
            TagSpec(
                "boot", "Boot", (SubtagSpec("offerte", "Offerte", (), (), ("Tun",)),)
            ),
        ),
    )
    with transaction():
        classification.import_taxonomy([spec], actor="test")
        group = TagGroup.get(TagGroup.key == "verkauf")
        group.colour, group.name_en = Colour.RED, "Sales"
        group.save()
        TaskTemplate.update(days=3, kind=TaskKind.DO_ON).execute()
        classification.import_taxonomy([spec], actor="test")
    (template,) = subtag_details.templates_of(offerte())
    assert (template.days, template.kind) == (3, TaskKind.DO_ON)
    group = TagGroup.get(TagGroup.key == "verkauf")
    assert (group.colour, group.name_en) == (Colour.RED, "Sales")


def test_the_starter_set_is_sound_and_only_for_the_beginning(world: World) -> None:
    with transaction(), pytest.raises(Conflict):
        starter_set.install(actor="test")
    for model in (Subtag, Tag, TagGroup):
        model.delete().execute()
    with transaction():
        count = starter_set.install(actor="test")
    assert count.groups == len(reading.tree())
    assert all(tag.subtags for group in reading.tree() for tag in group.tags)
    words = [row.keyword for row in SubtagKeyword.select()]
    assert words == [subtag_details.keyword(word) for word in words]


def test_the_keyword_preview_reads_subjects_as_the_daemon_does(world: World) -> None:
    world.mail("a@kunde.example", "Frage #Störung am Motor", box="werkstatt")
    world.mail("a@kunde.example", "Frage zur Störung", box="werkstatt")
    world.mail("a@kunde.example", "Zitat «#störung»", box="werkstatt")
    world.mail("a@kunde.example", "#störung in der Leitung", box="leitung")
    found = reading.preview(world.viewer("keller"), "störung")
    assert sorted(mail.subject for mail in found.mails) == [
        "#störung in der Leitung", "Frage #Störung am Motor",
    ]  # fmt: skip
    assert found.count == 2
    assert reading.preview(world.viewer("huber"), "störung").count == 1
    with transaction():
        people.add("niemand", "Niemand", [], actor="test")
    assert reading.preview(world.viewer("niemand"), "störung").count == 0


def test_a_keyword_of_a_retired_subtag_does_nothing(world: World) -> None:
    with transaction():
        change(SubtagDraft(Names("Offerte"), ("offerte",)))
    for active, offers in ((False, 0), (True, 1)):
        mail = world.mail("meier@kunde.example", "Bitte #offerte")
        with transaction():
            taxonomy.set_active(offerte(), active=active, actor="test")
            keyword_acts.decide(mail.id, "CRM")
        assert (
            Suggestion.select().where(Suggestion.subtag == offerte()).count() == offers
        )


def test_the_check_for_retired_subtags_can_fail(world: World) -> None:
    """The red control: what was never retired is offered and opens entries."""
    assert classification.is_active(offerte())
    assert subtag_choice.choices(world.viewer()).matching("offerte")
