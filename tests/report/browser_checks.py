"""What a page is asked in a browser, and which browser that is."""

from __future__ import annotations

import os
import shutil

CHROMIUM = os.environ.get("HARMONIZE_CHROMIUM") or shutil.which("chromium")
NO_CHROMIUM = "no Chromium: HARMONIZE_CHROMIUM is not set, nor one on the path"
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--disable-quic"),
]

OUTSIDE = """() => Array.from(document.querySelectorAll("body *")).filter((element) => {
    const around = element.parentElement.closest(".scroll");
    if (around || element.matches(".skip, script, style")) return false;
    const box = element.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 0.5 || box.left < -0.5);
}).map((element) => element.outerHTML.slice(0, 120))"""

# Every text that is shown, and every label that the style adds, against what lies behind it.
FAINT = """() => {
    const parse = (color) => {
        const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
        return {r, g, b, a};
    };
    const over = (top, below) => ({
        r: top.r * top.a + below.r * (1 - top.a),
        g: top.g * top.a + below.g * (1 - top.a),
        b: top.b * top.a + below.b * (1 - top.a), a: 1,
    });
    const light = ({r, g, b}) => [r, g, b].map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
    const behind = (element) => {
        const chain = [];
        for (let e = element; e; e = e.parentElement) chain.push(parse(getComputedStyle(e).backgroundColor));
        return chain.reverse().reduce((below, top) => over(top, below));
    };
    const contrast = (one, other) => {
        const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const faint = [];
    let checked = 0;
    const check = (element, style, back, text) => {
        const ink = parse(element.namespaceURI.endsWith("svg") ? style.fill : style.color);
        const found = contrast(over(ink, back), back);
        checked += 1;
        if (found < 4.5) faint.push([text.trim().slice(0, 40), element.className, found]);
    };
    for (const details of document.querySelectorAll("details")) details.open = true;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || element.matches("script, style, title, option")) continue;
        if (!element.checkVisibility()) continue;
        check(element, getComputedStyle(element), behind(element), walker.currentNode.data);
    }
    for (const element of document.querySelectorAll("mark[data-label], select, input, button")) {
        if (!element.checkVisibility()) continue;
        const label = getComputedStyle(element, element.matches("mark") ? "::after" : null);
        check(element, label, over(parse(label.backgroundColor), behind(element)), element.outerHTML);
    }
    return {faint, checked};
}"""
