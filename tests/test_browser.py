"""The notebooks in JupyterLab in a real browser: sliders are moved, pictures and words follow."""

import re
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

# Without Playwright's own package there is no browser to drive.
pytest.importorskip("playwright", reason="Playwright is not installed")

from lab import PATIENCE, ExplorerPage, Lab, browser_page, new_notebook, open_notebook, run_all
from playwright.sync_api import Page, WebSocketRoute
from soak import soak

ROOT = Path(__file__).resolve().parents[1]
ARTIFACTS = ROOT / "test-artifacts"
NOTEBOOKS = ("02_sigmoid_training", "03_relu_training", "04_side_by_side")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return copies of the notebooks, for the browser saves what it runs.

    They keep the imports and the explorers alone. nbval runs the rest, quicker than a browser.
    """
    copies = tmp_path_factory.mktemp("lab")
    for name in NOTEBOOKS:
        notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        explorers = [cell for cell in code if re.search(r"\bExplorer\(", cell.source)]
        notebook.cells = [code[0], *explorers]
        nbformat.write(notebook, copies / f"{name}.ipynb")
    return copies


@pytest.fixture(scope="module")
def lab(folder: Path, chromium: str) -> Iterator[Lab]:
    assert chromium
    with Lab(folder) as server:
        yield server


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Page]:
    with browser_page(chromium) as page:
        yield page


@pytest.fixture
def page(browser: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give the page, and keep a picture of it where the test fails."""
    failures = request.session.testsfailed
    errors: list[str] = []

    def note(error: Any) -> None:
        errors.append(str(error))

    browser.on("pageerror", note)
    yield browser
    browser.remove_listener("pageerror", note)
    if request.session.testsfailed > failures:
        ARTIFACTS.mkdir(exist_ok=True)
        name = re.sub(r"\W+", "-", request.node.name).strip("-")
        browser.screenshot(path=ARTIFACTS / f"{name}.png")
    assert errors == []


@pytest.fixture
def other_page(browser: Page) -> Iterator[Page]:
    """Give another page, without the first one's connections."""
    running = browser.context.browser
    assert running is not None
    page = running.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    yield page
    page.close()


def loss(words: str) -> float:
    """Return the first loss in a readout."""
    found = re.search(r"loss ([\d.e+]+)", words)
    assert found, words
    return float(found.group(1).rstrip("."))


def paused_at(explorer: ExplorerPage, iteration: str) -> str:
    """Let it train up to there, and return its last words."""
    words = explorer.wait_for_words(rf"iteration {iteration}")
    explorer.click("Pause")
    explorer.button("Play").wait_for()
    return words


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_sliders_of_the_notebook_answer(name: str, lab: Lab, page: Page) -> None:
    open_notebook(page, lab, f"{name}.ipynb")
    run_all(page)
    explorer = ExplorerPage(page)
    explorer.wait_for_words("iteration 0, .*not trained yet")
    untouched = explorer.picture()
    page.wait_for_timeout(300)
    assert explorer.picture() == untouched, "it trains without being asked"
    assert explorer.scrolling() == []

    explorer.press("step size", "ArrowRight", 5)
    explorer.wait_for_words(r"Explorer\(.*step_size=0\.316.*\)\.advance\(")
    assert explorer.picture() != untouched

    # At the right end of the slider no run survives.
    explorer.press("step size", "End")
    explorer.wait_for_words("diverged at iteration")

    # Small weights: the loss stays at ln 3.
    explorer.click("Reset")
    explorer.wait_for_words("not trained yet")
    explorer.press("initialization scale", "Home")
    assert "not trained yet" in explorer.wait_for_words(r"scale=0\.001")
    explorer.click("Play")
    words = explorer.wait_for_words(r"iteration (?:\d,\d|[2-9])\d\d.*plateau at ln 3")
    assert "scale=0.001" in words
    assert loss(words) == pytest.approx(1.0986, abs=0.0002)

    # By mouse, far to the right.
    explorer.click("Reset")
    explorer.wait_for_words("not trained yet")
    before = explorer.picture()
    explorer.drag("initialization scale", 60)
    explorer.wait_for_words(r"scale=(?:[1-9]|0\.[2-9])")
    explorer.click("Play")
    explorer.wait_for_words("advance")
    assert explorer.picture() != before
    explorer.click("Reset")


@pytest.fixture(scope="module")
def bench(folder: Path, lab: Lab) -> str:
    """Return a notebook that holds explorers alone."""
    assert lab
    new_notebook(
        folder / "bench.ipynb",
        "from vanishing.live import Explorer, Live\nexplorer = Explorer(('relu',))\nexplorer",
        "second = Explorer(controls=('step_size', 'hidden_layers'))\nsecond",
        "print(len(Live.alive()), 'alive,', sum(e.playing for e in Live.alive()), 'playing')",
    )
    return "bench.ipynb"


def clear_outputs(page: Page) -> None:
    """Clear all outputs, and wait until no explorer is left."""
    page.evaluate(
        "async () => await jupyterapp.commands.execute('notebook:clear-all-cell-outputs')"
    )
    page.wait_for_function("() => !document.querySelector('.vanishing-live')")


@pytest.fixture
def explorer(bench: str, lab: Lab, page: Page) -> ExplorerPage:
    """Return the first explorer of the bench, made anew in the same kernel."""
    if bench in page.url:
        clear_outputs(page)
    else:
        open_notebook(page, lab, bench)
    run_all(page)
    found = ExplorerPage(page)
    found.wait_for_words("not trained yet")
    return found


def test_larger_steps_move_the_loss_further(explorer: ExplorerPage) -> None:
    moved = []
    for presses, step_size in ((10, 0.01), (21, 0.126)):
        explorer.press("step size", "Home")
        explorer.press("step size", "ArrowRight", presses)
        # Else the words of a run under an earlier key press could be taken for the last one's.
        explorer.wait_for_words(f"share: .*step_size={step_size}")
        moved.append(1.11 - loss(paused_at(explorer, r"(?:[3-9]\d\d|\d,\d\d\d)")))
        explorer.click("Reset")
        explorer.wait_for_words("not trained yet")
    assert moved[1] > moved[0] + 0.05


def test_buttons_work_by_keyboard(explorer: ExplorerPage, page: Page) -> None:
    def press(button: str) -> None:
        explorer.button(button).focus()
        page.keyboard.press("Space")

    press("Step")
    explorer.wait_for_words("iteration 1,")
    press("Step")
    explorer.wait_for_words("iteration 2,")
    press("Play")
    explorer.wait_for_words(r"iteration \d\d\d")
    press("Pause")
    press("Rewind")
    explorer.wait_for_words("iteration 0")
    press("New weights")
    explorer.wait_for_words(r"draw=1.*advance")
    press("Reset")
    explorer.wait_for_words(r"iteration 0[^$]*share: Explorer\(variants=\('relu',\)\)")


def test_presets_are_chosen_by_name(explorer: ExplorerPage) -> None:
    explorer.root.get_by_label("preset").select_option("diverging")
    explorer.wait_for_words(r"step_size=3160\.0.*advance")
    explorer.wait_for_words("diverged at iteration")


def test_frantic_dragging_ends_with_the_last_setting(explorer: ExplorerPage, page: Page) -> None:
    box = explorer.handle("initialization scale").bounding_box()
    assert box is not None
    x, y = box["x"] + 8, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(x + 50 * (-1) ** step, y)
    page.mouse.up()
    explorer.press("initialization scale", "Home")
    explorer.wait_for_words(r"scale=0\.001")
    assert explorer.trouble() == ""


def test_a_number_is_taken_as_it_is_typed(explorer: ExplorerPage) -> None:
    for number, text in enumerate(("0.566", "0.5", "2")):
        explorer.type("initialization scale", text)
        explorer.wait_for_words(f"scale={float(text)}")
        explorer.page.wait_for_timeout(300)
        assert explorer.field("initialization scale").input_value() == text, number
        assert f"scale={float(text)}" in explorer.share(), "the slider took it back"
        assert "not trained yet" in explorer.words(), "moving the scale ends no pause"
    for text, why in (("0,3", "must be a number, with a decimal"), ("0", "goes from 0.001 to 10")):
        explorer.type("initialization scale", text)
        explorer.root.get_by_role("alert").filter(has_text=why).wait_for()
        assert explorer.field("initialization scale").input_value() == "2"
    # From there the arrow keys go on in the slider's steps.
    explorer.press("initialization scale", "ArrowRight")
    explorer.wait_for_words(r"scale=2\.51")
    assert explorer.trouble() == ""


ROLES = {"textbox", "combobox", "button", "image", "status", "slider"}


def heard(explorer: ExplorerPage) -> list[tuple[str, str, Any]]:
    """Return role, name and value of what a screen reader finds in the explorer."""
    session = explorer.page.context.new_cdp_session(explorer.page)
    document = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": document, "selector": ".vanishing-live"})
    tree = session.send("Accessibility.queryAXTree", {"nodeId": node["nodeId"]})["nodes"]
    session.detach()
    found = []
    for one in tree:
        role, name, value = (one.get(key, {}).get("value", "") for key in ("role", "name", "value"))
        if role in ROLES and not one["ignored"]:
            found.append((role, name.replace("\xa0", " "), value))
    return found


def test_what_a_screen_reader_finds(explorer: ExplorerPage) -> None:
    explorer.type("step size", "0.25")
    explorer.wait_for_words(r"iteration \d\d\d")
    assert "iteration" in explorer.spoken()
    before = explorer.spoken()
    explorer.page.wait_for_timeout(700)
    assert explorer.spoken() == before, "it speaks while it trains"
    explorer.click("Pause")
    explorer.button("Play").wait_for()
    words = explorer.root.locator(".vanishing-words").inner_text()
    explorer.root.locator(".vanishing-spoken", has_text=words).wait_for(state="attached")
    found = heard(explorer)
    assert ("textbox", "step size", "0.25") in found
    assert ("textbox", "initialization scale", "0.1") in found
    assert ("textbox", "share", explorer.share()) in found
    assert ("image", f"Picture of the state: {words}", "") in found
    assert "preset" in [name for role, name, _ in found if role == "combobox"]
    # The icon before the text has a letter that no screen reader speaks.
    buttons = {name.lstrip("\uf049\uf04b\uf051\uf074\uf0e2 ") for role, name, _ in found}
    assert {"Play", "Step", "Rewind", "New weights", "Reset"} <= buttons
    assert [role for role, *_ in found].count("status") >= 1
    # ipywidgets gives its sliders no name; each has a named field beside it that does the same.
    nameless = {role for role, name, _ in found if not name and role != "status"}
    assert nameless <= {"slider"}


def test_keys_for_cells_stay_away_from_the_explorer(explorer: ExplorerPage, page: Page) -> None:
    cells = page.locator(".jp-Cell").count()
    for focus in (explorer.handle("step size"), explorer.button("Step")):
        focus.focus()
        for key in "ddxab00":
            page.keyboard.press(key)
        page.wait_for_timeout(300)
        assert page.locator(".jp-Cell").count() == cells
        assert page.locator(".jp-Dialog").count() == 0
    # Elsewhere they do what they always do.
    page.locator(".jp-Cell").nth(1).locator(".jp-InputPrompt").first.click()
    page.keyboard.press("b")
    page.wait_for_function(f"() => document.querySelectorAll('.jp-Cell').length === {cells + 1}")
    page.keyboard.press("d")
    page.keyboard.press("d")
    page.wait_for_function(f"() => document.querySelectorAll('.jp-Cell').length === {cells}")


def test_the_line_to_share_is_copied_whole(explorer: ExplorerPage, page: Page) -> None:
    explorer.click("Step")
    explorer.wait_for_words(r"advance\(1\)")
    explorer.field("share").click(click_count=3)
    selected = page.evaluate(
        "() => { const field = document.activeElement;"
        " return field.value.slice(field.selectionStart, field.selectionEnd); }"
    )
    assert selected == explorer.share() == "Explorer(variants=('relu',)).advance(1)"


def test_who_plays_while_a_cell_runs_is_told_to_wait(explorer: ExplorerPage, page: Page) -> None:
    told = explorer.root.get_by_text("waits for the cell that is running")
    explorer.click("Play")
    explorer.wait_for_words(r"iteration \d\d\d")
    page.wait_for_timeout(1000)
    assert not told.is_visible(), "training is no running cell"
    explorer.click("Rewind")
    explorer.wait_for_words("not trained yet")
    page.evaluate(
        "() => { jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute("
        "{code: 'import time; time.sleep(2)'}); }"
    )
    page.wait_for_timeout(200)
    explorer.click("Play")
    told.wait_for(state="visible")
    explorer.wait_for_words(r"iteration \d\d\d")
    told.wait_for(state="hidden")


def test_two_explorers_and_a_cell_that_is_run_again(explorer: ExplorerPage, page: Page) -> None:
    second = ExplorerPage(page, 1)
    explorer.click("Play")
    second.press("hidden layers", "ArrowRight")
    second.wait_for_words(r"layer 3: .*\n?.*advance")
    explorer.wait_for_words(r"iteration (?:\d,)?\d\d\d")
    run_all(page)
    output = page.locator(".jp-OutputArea-output").filter(has_text="alive")
    output.get_by_text("2 alive, 0 playing").wait_for()
    ExplorerPage(page).wait_for_words("not trained yet")


def test_training_stops_when_nobody_looks(explorer: ExplorerPage, page: Page) -> None:
    explorer.click("Play")
    explorer.wait_for_words(r"iteration \d\d\d")
    clear_outputs(page)
    page.locator(".jp-Cell").nth(2).click()
    # What the page tells of its views goes another way than a cell, and may come later.
    deadline = time.monotonic() + 5
    while not page.get_by_text("2 alive, 0 playing").is_visible():
        assert time.monotonic() < deadline, "it trains on"
        page.evaluate("async () => await jupyterapp.commands.execute('notebook:run-cell')")
        page.wait_for_timeout(300)


def test_pictures_do_not_pile_up_on_a_slow_connection(
    other_page: Page, lab: Lab, folder: Path
) -> None:
    page = other_page
    late: deque[tuple[WebSocketRoute, str | bytes]] = deque()
    slow = False

    def route(socket: WebSocketRoute) -> None:
        def deliver(message: str | bytes) -> None:
            if slow:
                late.append((socket, message))
            else:
                socket.send(message)

        socket.connect_to_server().on_message(deliver)

    def let_through(seconds: float) -> None:
        """Pass on half a megabyte a second, as a weak link does."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            share = 10_000
            while late and share > 0:
                socket, message = late.popleft()
                socket.send(message)
                share -= len(message)
            page.wait_for_timeout(-1000 * min(share, 0) / 500_000 + 20)

    page.route_web_socket(re.compile("/channels"), route)
    # Of its own: another page with the same kernel would confirm what this one has not seen.
    new_notebook(folder / "slow.ipynb", "from vanishing.live import Explorer\nExplorer(('relu',))")
    open_notebook(page, lab, "slow.ipynb")
    run_all(page)
    explorer = ExplorerPage(page)
    explorer.wait_for_words("not trained yet")
    page.wait_for_timeout(500)
    slow = True
    explorer.click("Play")
    let_through(5)
    pictures = [message for _, message in late if len(message) > 20_000]
    # Some hundred were painted.
    assert len(pictures) <= 12
    assert re.search(r"iteration \d*,?\d\d\d", explorer.words())
    explorer.click("Pause")
    let_through(2)
    assert explorer.button("Play").is_visible()


def test_two_explorers_bear_a_minute_of_everything_at_once(page: Page, lab: Lab) -> None:
    found = soak(page, lab, seconds=60)
    # On a machine that does much else an action takes a second.
    assert found.actions > 30
    # A minute is too short to tell what a process keeps from what it has not freed yet.
    assert [fault for fault in found.faults if ", MB" not in fault] == []


def test_training_stops_soon_after_the_tab_is_closed(
    other_page: Page, lab: Lab, folder: Path
) -> None:
    new_notebook(
        folder / "closed.ipynb",
        "import threading, time\nfrom vanishing.live import Explorer\n"
        "explorer = Explorer(('relu',), iterations=10**8)\nexplorer",
        "def log():\n    with open('log.txt', 'w') as file:\n        while True:\n"
        "            print(time.time(), explorer.iteration, file=file, flush=True)\n"
        "            time.sleep(0.1)\n"
        "threading.Thread(target=log, daemon=True).start()",
    )
    open_notebook(other_page, lab, "closed.ipynb")
    run_all(other_page)
    explorer = ExplorerPage(other_page)
    explorer.wait_for_words("not trained yet")
    explorer.click("Play")
    explorer.wait_for_words(r"iteration \d\d\d")
    other_page.wait_for_timeout(1500)
    other_page.close()
    closed = time.time()
    time.sleep(7)
    lines = [line.split() for line in (folder / "log.txt").read_text().splitlines()[:-1]]
    last = int(lines[-1][1])
    assert last > 100
    trained = [float(at) for at, iteration in lines if int(iteration) < last]
    assert float(lines[-1][0]) > closed + 5, "the kernel is gone too"
    assert trained[-1] - closed < 5


def test_a_widget_whose_kernel_was_restarted_says_so(explorer: ExplorerPage, page: Page) -> None:
    told = page.get_by_text("The kernel that served this is gone").first
    assert not told.is_visible()
    page.evaluate(
        "async () => await jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    told.wait_for(state="visible")
    clear_outputs(page)
    run_all(page)
    explorer.wait_for_words("not trained yet")
    assert not told.is_visible()


def test_without_subshells_all_is_the_same(folder: Path, other_page: Page, bench: str) -> None:
    with Lab(folder, subshells=False) as plain:
        open_notebook(other_page, plain, bench)
        run_all(other_page)
        explorer = ExplorerPage(other_page)
        explorer.wait_for_words("not trained yet")
        explorer.press("step size", "ArrowRight", 3)
        explorer.wait_for_words(r"step_size=0\.2.*advance")
        explorer.press("step size", "End")
        explorer.wait_for_words("diverged at iteration")


# The other explorers


@pytest.fixture
def shown(folder: Path, lab: Lab, page: Page) -> Any:
    """Return what opens a notebook with one explorer, and gives the explorer."""

    def show(name: str, cell: str) -> ExplorerPage:
        new_notebook(folder / f"{name}.ipynb", cell)
        open_notebook(page, lab, f"{name}.ipynb")
        run_all(page)
        return ExplorerPage(page)

    return show


TIME = "from vanishing.live import TimeExplorer\nTimeExplorer(distance=20)"


def test_the_time_explorer_answers_keys_and_is_heard(shown: Any, page: Page) -> None:
    explorer: ExplorerPage = shown("time", TIME)
    explorer.wait_for_words("iteration 0, .*not trained yet")
    page.wait_for_timeout(300)
    assert "not trained yet" in explorer.words(), "it trains without being asked"
    assert explorer.scrolling() == []
    untouched = explorer.picture()

    # A smaller gain: less of the error arrives, and that is there to be seen before training.
    explorer.press("recurrent gain", "ArrowLeft", 10)
    words = explorer.wait_for_words(r"gain=0\.5\b")
    assert explorer.picture() != untouched
    assert "not trained yet" in words
    assert re.search(r"at the last: \de-0[67], vanishes", words)
    explorer.type("recurrent gain", "1")
    explorer.wait_for_words(r"arrives|at the last: \de-0[12]")

    explorer.click("Play")
    explorer.wait_for_words(r"iteration \d\d\d")
    explorer.press("distance", "ArrowRight")
    explorer.wait_for_words(r"distance=21.*advance")
    explorer.click("Pause")
    explorer.button("Play").wait_for()
    explorer.click("Step")
    explorer.click("Rewind")
    explorer.wait_for_words("iteration 0, .*not trained yet")

    found = heard(explorer)
    assert ("textbox", "distance", "21") in found
    assert ("textbox", "recurrent gain", "1") in found
    assert ("textbox", "share", explorer.share()) in found
    assert {"cell", "task"} <= {name for role, name, _ in found if role == "combobox"}
    assert {"textbox", "combobox", "button", "image"} <= {role for role, *_ in found}
    nameless = {role for role, name, _ in found if not name and role != "status"}
    assert nameless <= {"slider"}
    assert "gate bias" not in [name for _, name, _ in found]

    explorer.root.get_by_label("cell").select_option("LSTM")
    explorer.wait_for_words("LSTM: iteration 0")
    names = [name for role, name, _ in heard(explorer) if role == "textbox"]
    assert "gate bias" in names
    assert "recurrent gain" not in names
    explorer.type("gate bias", "-2")
    explorer.wait_for_words(r"gate_bias=-2\.0")

    # It goes to an iteration, and back to an earlier one; a preset begins anew.
    for iteration in ("120", "30"):
        explorer.type("run to", iteration)
        explorer.wait_for_words(rf"iteration {iteration},[^$]*advance\({iteration}\)")
    explorer.root.get_by_text("Shown as it was; 120 iterations were made").wait_for()
    explorer.root.get_by_label("preset").select_option("identity ReLU")
    explorer.wait_for_words(r"ReLU: iteration \d[^$]*recurrent='identity'.*advance")
    assert explorer.trouble() == ""


MAP = """
from vanishing.live import MapExplorer
from vanishing.planes import log_axis
MapExplorer("relu", x=log_axis("step_size", 0.03, 3000, 4), y=log_axis("scale", 0.1, 1, 3),
            sizes=(2, 10, 10, 3), points_per_class=20, iterations=60)
"""


def test_a_cell_of_the_map_is_chosen_and_opened_by_keyboard(shown: Any, page: Page) -> None:
    explorer: ExplorerPage = shown("map", MAP)
    explorer.wait_for_words(r"framed: step size 64\.6, scale 0\.316: not made yet")
    assert explorer.scrolling() == []
    handles = explorer.root.locator(".noUi-handle")
    handles.nth(0).focus()
    page.keyboard.press("ArrowLeft")
    handles.nth(1).focus()
    page.keyboard.press("ArrowRight")
    explorer.wait_for_words("framed: step size 1.39, scale 1: not made yet")
    explorer.button("Play").focus()
    page.keyboard.press("Enter")
    explorer.wait_for_words(r"12 of 12 runs")
    explorer.button("Open").focus()
    page.keyboard.press("Enter")
    opened = ExplorerPage(page, 1)
    words = opened.wait_for_words(r"ReLU: iteration \d+")
    assert re.search(r"step_size=1\.39\d*, scale=1\.0", words)
    opened.wait_for_words(r"advance\(60\)")
    assert explorer.trouble() == ""
