"""Somebody who goes through the demo with Chromium and takes pictures of what she sees."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from web.conftest import Demo, Watched, session_of

WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 360, "height": 740}
# Pictures are shown about this wide in a document.
SHOWN_WIDTH = 960
LARGEST = 60_000
LARGEST_SUM = 1_500_000
QUALITIES = (80, 70, 60, 50, 40, 30)
MARGIN = 24

# Laid over the page: its own elements stay as they are, also for scripts that compare them.
DRAW_RING = """e => {
    const box = e.getBoundingClientRect(), ring = document.createElement("div");
    ring.id = "ring";
    Object.assign(ring.style, {
        position: "absolute", left: `${box.left + scrollX - 8}px`, top: `${box.top + scrollY - 8}px`,
        width: `${box.width + 8}px`, height: `${box.height + 8}px`, border: "4px solid #c8402a",
        borderRadius: getComputedStyle(e).borderRadius, pointerEvents: "none", boxSizing: "content-box",
    });
    document.body.append(ring);
}"""


class Guide:
    """Somebody who goes through the guides and takes pictures."""

    def __init__(self, demo: Demo, browser: Browser, folder: Path) -> None:
        self.demo, self.folder = demo, folder
        self.watched = Watched(expected={422})
        self._browser = browser
        self._pages: dict[tuple[str, int], Page] = {}

    def page(self, person: str = "", size: dict[str, int] = WIDE) -> Page:
        """The window of a person, with a page open in it."""
        key = (person, size["width"])
        if key not in self._pages:
            context = self._browser.new_context(
                base_url=self.demo.address,
                locale="sv-SE",
                timezone_id="Europe/Stockholm",
                viewport=size,
                reduced_motion="reduce",
                color_scheme="light",
                storage_state=session_of(self.demo, self._browser, person) if person else None,
            )
            context.set_default_timeout(20_000)
            self.watched.follow(context, self.demo.address)
            self._pages[key] = context.new_page()
        return self._pages[key]

    def open(self, address: str, person: str = "", size: dict[str, int] = WIDE) -> Page:
        page = self.page(person, size)
        answer = page.goto(address)
        if answer is None or answer.status != 200:
            raise RuntimeError(f"{address} answers {answer and answer.status} to {person or 'a stranger'}")
        return page

    def shoot(
        self,
        page: Page,
        name: str,
        *,
        press: Locator | None = None,
        of: Locator | None = None,
        top: Locator | None = None,
    ) -> None:
        """Write the window as a picture: the part `of`, or from `top` on; what is to be pressed has a ring."""
        page.wait_for_load_state("networkidle")
        page.evaluate("document.activeElement && document.activeElement.blur()")
        if press:
            press.evaluate(DRAW_RING)
        if of:
            box = of.evaluate(
                "e => { const b = e.getBoundingClientRect();"
                " return [b.left + scrollX, b.top + scrollY, b.width, b.height] }"
            )
            left, start = max(box[0] - MARGIN, 0), max(box[1] - MARGIN, 0)
            clip = {
                "x": left,
                "y": start,
                "width": min(box[2] + 2 * MARGIN, page.viewport_size["width"] - left),
                "height": min(box[3] + 2 * MARGIN, page.viewport_size["height"]),
            }
            taken = page.screenshot(full_page=True, clip=clip)
        else:
            place = f"e => scrollTo(0, e.getBoundingClientRect().top + scrollY - {MARGIN})"
            if top:
                top.evaluate(place)
            else:
                page.evaluate("scrollTo(0, 0)")
            taken = page.screenshot()
        if press:
            page.evaluate("document.getElementById('ring').remove()")
        (self.folder / f"{name}.webp").write_bytes(_small(taken))


def _small(taken: bytes) -> bytes:
    """The picture as WebP, as good as there is room for."""
    image = Image.open(io.BytesIO(taken)).convert("RGB")
    if image.width > SHOWN_WIDTH:
        image = image.resize((SHOWN_WIDTH, round(image.height * SHOWN_WIDTH / image.width)), Image.Resampling.LANCZOS)
    for quality in QUALITIES:
        written = io.BytesIO()
        image.save(written, "webp", quality=quality, method=6)
        if written.tell() <= LARGEST * 0.8:
            break
    return written.getvalue()
