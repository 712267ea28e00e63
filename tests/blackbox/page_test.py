"""The page at / in a real browser: what it shows, what it makes of records that look like markup, what it says when the
server is away. Screenshots are kept in build/test-logs/page/."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
import unittest
from collections.abc import Iterator
from typing import Any

from support.cases import ServerCase, require, wait_until
from support.http import Client
from support.server import REPOSITORY

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None

PICTURES = REPOSITORY / "build" / "test-logs" / "page"
MARKUP = '<img src=x onerror="document.title=\'taken over\'"><script>document.title="taken over"</script>'


def browser(width: int, height: int) -> Any:
    options = Options()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--disable-background-networking", "--lang=en", f"--window-size={width},{height}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    made.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                         {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
    return made


class PageTest(ServerCase):
    speaks_http = True

    @classmethod
    def setUpClass(cls) -> None:
        require(webdriver is not None, "needs python3-selenium")
        require(shutil.which("chromium") is not None and shutil.which("chromedriver") is not None,
                "needs chromium and chromium-driver")
        super().setUpClass()
        cls.page = browser(1360, 1000)
        cls.addClassCleanup(cls.page.quit)
        PICTURES.mkdir(parents=True, exist_ok=True)

    def setUp(self) -> None:
        super().setUp()
        self.client = Client(self.server.http_address)
        self.addCleanup(self.client.close)
        self.page.get_log("browser")

    # --- what is there

    def append(self, topic: str, value: object, **more: object) -> None:
        answer = self.client.post("/append", {"topic": topic, "value": value, **more})
        self.assertEqual(answer.status, 200, answer.body)

    def open(self, fragment: str = "", page: Any = None) -> None:
        page = page or self.page
        page.get("about:blank")
        page.get(f"http://{self.server.http_address}/{fragment}")
        wait_until(lambda: self.status(page) == "live", "the page is live")

    def status(self, page: Any = None) -> str:
        return (page or self.page).find_element(By.ID, "status").get_attribute("data-state")

    def text(self, element: str) -> str:
        return self.page.execute_script("return document.getElementById(arguments[0]).textContent", element)

    def records(self) -> list[list[str]]:
        return self.page.execute_script("return [...document.querySelectorAll('#record-rows > tr')]"
                                        ".map(row => [...row.children].map(cell => cell.textContent))")

    def topics(self) -> list[list[str]]:
        return self.page.execute_script("return [...document.querySelectorAll('#topic-rows > tr.topic')]"
                                        ".map(row => [...row.children].map(cell => cell.textContent))")

    def points(self, chart: str) -> int:
        return int(self.page.execute_script("return document.querySelector(arguments[0]).dataset.points ?? 0", f"#{chart} svg"))

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    @contextlib.contextmanager
    def load(self) -> Iterator[None]:
        """Appends from a few connections, for the charts."""
        stop = threading.Event()

        def run(index: int) -> None:
            client = Client(self.server.http_address)
            count = 0
            while not stop.is_set():
                count += 1
                client.post("/append", {"topic": "clickstream", "key": f"user-{count % 97}",
                                        "value": f'{{"page":"/products/{count * 7919 % 1000}","ms":{count % 240}}}'})
                time.sleep(0.004)
            client.close()

        runners = [threading.Thread(target=run, args=(index,)) for index in range(4)]
        for runner in runners:
            runner.start()
        try:
            yield
        finally:
            stop.set()
            for runner in runners:
                runner.join()

    # --- tests

    def test_it_loads_without_complaints_and_allows_nothing_from_elsewhere(self) -> None:
        answer = self.client.get("/")
        self.assertEqual((answer.status, answer.fields["content-type"]), (200, "text/html; charset=utf-8"))
        policy = answer.fields["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        text = answer.body.decode()
        self.assertNotRegex(text, r"""(?:src|href)=["']?(?:https?:)?//""")
        self.assertNotIn("innerHTML", text)
        self.append("seen", "first")
        self.open()
        wait_until(lambda: ["seen"] in [row[:1] for row in self.topics()], "the topic is listed")
        self.assertEqual(self.complaints(), [])
        self.assertEqual(self.page.title, "logstore")

    def test_records_that_are_appended_while_it_is_open_appear(self) -> None:
        for i in range(3):
            self.append("live", f"before {i}", key=f"key {i}")
        self.open("#topic=live&partition=0")
        wait_until(lambda: len(self.records()) == 3, "what was there is shown")
        self.assertEqual([row[0] for row in self.records()], ["2", "1", "0"], "newest first")
        self.assertEqual(self.records()[0][2:], ["key 2", "before 2"])
        wait_until(lambda: "Live" in self.text("records-note"), "it follows")
        self.append("live", None)
        self.append("live", "while open")
        wait_until(lambda: len(self.records()) == 5, "what comes is shown")
        self.assertEqual(self.records()[0][0:1] + self.records()[0][2:], ["4", "null", "while open"])
        self.assertEqual(self.records()[1][3], "null")
        wait_until(lambda: ["live", "1", "5"] in [row[:3] for row in self.topics()], "the list counts them")
        self.assertEqual(self.complaints(), [])

    def test_records_are_text_whatever_they_hold(self) -> None:
        self.append("markup", MARKUP, key=MARKUP)
        self.append("markup", "x" * 500 + MARKUP)
        self.append("markup", "AAEC/w==", encoding="base64")
        self.open("#topic=markup&partition=0")
        wait_until(lambda: len(self.records()) == 3, "they are shown")
        self.append("markup", "later " + MARKUP)
        wait_until(lambda: len(self.records()) == 4, "and those that come")
        time.sleep(0.5)
        self.assertEqual(self.page.title, "logstore")
        self.assertEqual(self.records()[3][2:], [MARKUP, MARKUP])
        self.assertEqual(self.page.execute_script("return document.querySelectorAll('#records img, #records script').length"), 0)
        self.assertIn("base64", self.records()[1][3])
        details = self.page.find_element(By.CSS_SELECTOR, "#record-rows details")
        self.assertFalse(details.find_element(By.TAG_NAME, "pre").is_displayed())
        details.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
        self.assertEqual(details.find_element(By.TAG_NAME, "pre").text, "x" * 500 + MARKUP)
        self.assertEqual(self.complaints(), [])

    def test_the_charts_have_points_and_the_figures_are_those_of_the_server(self) -> None:
        self.create("orders", 3)
        for i in range(30):
            self.append("orders", f'{{"order":{i},"total":{i * 7 % 90}.90}}', key=f"customer-{i % 7}")
        for topic in ("payments.settled", "user-profile-changes", "audit"):
            for i in range(5):
                self.append(topic, f"{topic} {i}")
        self.append("clickstream", "the first")
        self.open("#topic=clickstream&partition=0")
        with self.load():
            for chart in ("chart-appends", "chart-group", "chart-flush"):
                wait_until(lambda: self.points(chart) >= 10, f"{chart} has points")
            appends = self.page.execute_script("return document.querySelector('#chart-appends .now').textContent")
            self.assertGreater(float(appends.replace(",", "").replace(" k", "")), 1)
            self.assertRegex(self.page.execute_script("return document.querySelector('#chart-flush .now').textContent"),
                             r"p50.+[µm]?s.*p99.+s")
            wait_until(lambda: "100 % from memory" in self.text("tiles"), "what the page follows is read from memory")
            wait_until(lambda: len(self.records()) >= 50, "records come")
            self.page.save_screenshot(str(PICTURES / "wide.png"))
            self.page.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                      {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
            self.addCleanup(self.page.execute_cdp_cmd, "Emulation.setEmulatedMedia", {"features": []})
            time.sleep(0.3)
            self.page.save_screenshot(str(PICTURES / "dark.png"))
        self.assertEqual(self.complaints(), [])

    def test_it_says_when_the_server_is_away_and_goes_on_when_it_is_back(self) -> None:
        self.append("away", "before")
        self.open("#topic=away&partition=0")
        wait_until(lambda: len(self.records()) == 1, "the record is shown")
        self.server.stop()
        wait_until(lambda: self.status() == "away", "it says so")
        banner = self.page.find_element(By.ID, "banner")
        self.assertTrue(banner.is_displayed())
        self.assertIn("does not answer", banner.text)
        self.page.save_screenshot(str(PICTURES / "away.png"))
        self.server.start()
        wait_until(lambda: self.status() == "live", "it is live again")
        self.assertFalse(banner.is_displayed())
        client = Client(self.server.http_address)
        self.addCleanup(client.close)
        client.post("/append", {"topic": "away", "value": "after"})
        wait_until(lambda: [row[3] for row in self.records()] == ["after", "before"], "records come again")

    def test_it_can_be_used_with_the_keyboard_alone(self) -> None:
        self.create("keyed", 2)
        self.append("keyed", "in one", partition=1)
        self.append("other", "elsewhere")
        self.open("#topic=other&partition=0")
        wait_until(lambda: [row[3] for row in self.records()] == ["elsewhere"], "the chosen one is shown")
        filter_field = self.page.find_element(By.ID, "filter")
        filter_field.send_keys("KEY")
        wait_until(lambda: [row[0] for row in self.topics()] == ["keyed"], "only that is listed")
        filter_field.send_keys(Keys.TAB)
        focused = self.page.switch_to.active_element
        while "name" not in focused.get_attribute("class"):
            focused.send_keys(Keys.TAB)
            focused = self.page.switch_to.active_element
        focused.send_keys(Keys.ENTER)
        self.assertEqual(focused.get_attribute("aria-expanded"), "true")
        wait_until(lambda: [row[3] for row in self.records()] == ["in one"], "the partition with records is chosen")
        self.assertIn("topic=keyed&partition=1", self.page.current_url)
        focused.send_keys(Keys.TAB)
        self.page.switch_to.active_element.send_keys(Keys.ENTER)
        wait_until(lambda: self.records() == [] and "no records" in self.text("records-note"), "the other one is empty")

    def test_on_a_phone_nothing_is_wider_than_the_screen(self) -> None:
        self.append("a-topic-with-quite-a-long-name.of.some-service.v2", '{"a":"' + "long" * 100 + '"}', key="k" * 80)
        phone = browser(390, 1700)
        self.addCleanup(phone.quit)
        self.open("#topic=a-topic-with-quite-a-long-name.of.some-service.v2&partition=0", phone)
        wait_until(lambda: phone.find_elements(By.CSS_SELECTOR, "#record-rows tr") != [], "the record is shown")
        time.sleep(3)
        self.assertLessEqual(phone.execute_script("return document.documentElement.scrollWidth"), 390)
        phone.save_screenshot(str(PICTURES / "phone.png"))


if __name__ == "__main__":
    unittest.main()
