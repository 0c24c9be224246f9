"""A page that draws new samples in the browser: the ONNX generator, onnxruntime-web and the page's own code.

page.py        writes it                 contents.py   what it knows of the generator
directions.py  principal directions      runtime.py    onnxruntime-web
index.html, page.css                     latents.js    latents of a seed, truncated, moved, interpolated
engine.js      the model in a worker     draw.js       samples on canvases and in files
page.js        state, what is shown      controls.js, address.js
"""

from steadygan.export.page.page import write_page

__all__ = ["write_page"]
