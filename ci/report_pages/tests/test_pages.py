"""report.html in a real browser, by mouse, by keyboard, without scripts, on a phone and on paper.

`nox -s report-pages` runs these; pictures and the printed page are left in reports/pages.
"""

from __future__ import annotations

import os
import pathlib
import shutil
from collections.abc import Callable, Iterator

import pytest
import sample
from playwright.sync_api import Browser, Page, Request, sync_playwright

from yr_conformance.report import folder
from yr_conformance.states import State

ROOT = pathlib.Path(__file__).parent.parent.parent.parent
PICTURES = ROOT / "reports" / "pages"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = {"desktop": (1360, 900), "phone": (390, 844)}
FAILED = "KV-GET-03"
CLAUSES = len({one.clause.id for run in sample.runs() for one in run.proofs.values()})
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def report() -> str:
    """The address of a report with all states in it."""
    return folder.write(sample.runs(), PICTURES / "sample").as_uri()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The distribution's browser, without a display."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("no browser is installed (Debian: apt-get install chromium)")
    # Root is what containers run as, and there Chromium has no sandbox of its own.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, report: str) -> Iterator[Open]:
    """Open the report in fresh windows; nothing else is asked for, and nothing complains."""
    complaints: list[str] = []
    contexts = []

    def note(request: Request) -> None:
        if request.url.partition("#")[0] != report:
            complaints.append(f"asked for {request.url}")

    def opened(
        width: str = "desktop", scheme: str = "light", place: str = "", *, scripts: bool = True
    ) -> Page:
        across, down = WIDTHS[width]
        context = browser.new_context(
            viewport={"width": across, "height": down},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", note)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(report + place)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def shown(page: Page) -> list[str]:
    """Give the ids of the clauses that can be seen."""
    rows = page.locator("tr.clause").all()
    return [str(row.get_attribute("id")) for row in rows if row.is_visible()]


def expected(*states: State) -> set[str]:
    """Give the ids of the clauses that have one of these states anywhere."""
    found = [one for run in sample.runs() for one in run.proofs.values() if one.state in states]
    return {one.clause.id for one in found}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits(open_page: Open, width: str, scheme: str) -> None:
    """Nothing sticks out to the right, in any width; pictures are left of top, clauses and one."""
    page = open_page(width, scheme)

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.get_by_role("heading", level=1).inner_text() == "Failed"
    page.screenshot(path=PICTURES / f"{width}-{scheme}-top.png")
    page.locator("#clauses").scroll_into_view_if_needed()
    page.evaluate("document.getElementById('clauses').scrollIntoView()")
    page.screenshot(path=PICTURES / f"{width}-{scheme}-clauses.png")
    page.locator(".problem a", has_text=FAILED).click()
    page.screenshot(path=PICTURES / f"{width}-{scheme}-clause.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_problem_leads_to_its_clause(open_page: Open) -> None:
    """The link of what failed opens the clause, with its error, and so does its address."""
    page = open_page()
    page.locator(".problem a", has_text=FAILED).click()
    again = open_page(place=f"#{FAILED}")

    for one in (page, again):
        error = one.locator(f"#{FAILED} pre")
        assert error.is_visible()
        assert "<script>document.title = 'broken'</script> & red ?" in error.inner_text()
        assert "broken" not in one.title()


def test_filters_by_keyboard_alone(open_page: Open) -> None:
    """A state is switched off by Tab and Space; a clause is opened by Enter."""
    page = open_page()
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for state in ("failed", "unsteady", "deviates", "not-run", "unsupported", "passed"):
        assert page.evaluate("document.activeElement.value") == state
        if state not in {"unsteady", "deviates"}:
            page.keyboard.press("Space")
        page.keyboard.press("Tab")

    assert set(shown(page)) == expected(State.UNSTEADY, State.DEVIATES)
    assert page.locator("#shown").inner_text() == f"2 of {CLAUSES} clauses"
    page.locator("tr.clause:not([hidden]) summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("tr.clause:not([hidden]) .body").first.is_visible()


def test_filters_together(open_page: Open) -> None:
    """Words, chapter, level and differences narrow what is seen, and Reset shows all again."""
    page = open_page()
    everything = shown(page)

    page.get_by_label("Chapter").select_option("KV")
    page.get_by_label("Level").select_option("MUST")
    page.get_by_role("searchbox").fill("repeated key")
    assert shown(page) == [FAILED]
    page.get_by_role("searchbox").fill("")
    page.get_by_label("only where targets differ").check()
    assert shown(page) == [FAILED, "KV-SET-02"]
    page.get_by_role("button", name="Reset").click()

    assert shown(page) == everything


def test_a_filter_gives_way_to_a_link(open_page: Open) -> None:
    """A link to a clause that is filtered out shows it."""
    page = open_page()
    page.get_by_role("searchbox").fill("nothing has these words")
    assert shown(page) == []

    page.locator(".problem a", has_text=FAILED).click()

    page.locator(f"#{FAILED} pre").wait_for(state="visible")


def test_it_is_complete_without_scripts(open_page: Open) -> None:
    """Without scripts all clauses are there and can be opened; filters are not offered."""
    page = open_page(scripts=False)

    assert page.locator("tr.clause").count() == CLAUSES
    assert page.locator("#filters").is_hidden()
    page.locator(f"#{FAILED} summary").click()
    assert page.locator(f"#{FAILED} pre").is_visible()


def test_on_paper_what_did_not_pass_is_open(open_page: Open) -> None:
    """A printed report shows the errors, in dark ink on white, and is as it was afterwards."""
    page = open_page(scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(f"#{FAILED} pre").is_visible()
    assert not page.locator("#KV-GET-04 .body").is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert not page.locator(f"#{FAILED} pre").is_visible()

    page.pdf(path=PICTURES / "paper.pdf", format="A4")
    page.emulate_media(media="print")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.locator("#filters").is_hidden()


def test_states_are_told_apart_where_colours_are_the_readers(open_page: Open) -> None:
    """With colours forced by the system every state has its word, mark and border still."""
    page = open_page()
    page.emulate_media(forced_colors="active")

    styles = {
        state: page.locator(f".meanings .chip.{state.slug}").evaluate(
            "one => getComputedStyle(one).borderStyle + getComputedStyle(one).borderRadius"
        )
        for state in State
    }

    assert len({*styles.values()}) >= 5, styles
    page.screenshot(path=PICTURES / "forced-colours.png")
