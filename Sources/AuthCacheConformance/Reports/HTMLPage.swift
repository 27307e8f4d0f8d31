/// One self-contained page: no script, no font and no picture from anywhere else.
struct HTMLPage {
  var title: String
  var body: String

  var document: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(XML.escaped(title))</title>
    <style>
    \(Self.styleSheet)
    </style>
    </head>
    <body>
    \(body)
    </body>
    </html>

    """
  }

  static let styleSheet = """
    :root {
      --paper: #fbfaf7; --card: #ffffff; --ink: #1d1d1b; --soft: #5f5e5a; --line: #e2dfd6; --code: #f3f1ea;
      --good: #1d6b43; --good-wash: #e3f2e8; --bad: #a8201a; --bad-wash: #fbe7e4; --warn: #7a5300;
      --warn-wash: #fbf0d5; --idle: #5f5e5a; --idle-wash: #eeece5; --link: #1a5a8a;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #141517; --card: #1c1e21; --ink: #ecebe6; --soft: #a5a39b; --line: #34363b; --code: #232529;
        --good: #7fd3a2; --good-wash: #16301f; --bad: #ff9c92; --bad-wash: #3d1a17; --warn: #f0c465;
        --warn-wash: #352a10; --idle: #a5a39b; --idle-wash: #2a2c30; --link: #8ec5f0;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
    body {
      margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
    }
    main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
    header { padding-top: 2.5rem; }
    footer { padding-bottom: 3rem; color: var(--soft); font-size: .875rem; }
    h1 { font-size: clamp(1.6rem, 5vw, 2.25rem); line-height: 1.15; letter-spacing: -.02em; margin: 0 0 1rem; }
    h2 { font-size: 1.35rem; letter-spacing: -.01em; margin: 3rem 0 1rem; }
    h3 { font-size: 1.05rem; margin: 0; line-height: 1.4; }
    p { margin: .5rem 0; max-width: 65ch; }
    a { color: var(--link); text-underline-offset: .15em; }
    a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
    code, pre { font: .85em/1.5 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Noto Sans Mono", monospace; }
    code { overflow-wrap: anywhere; }
    pre {
      margin: 0; padding: .75rem .9rem; background: var(--code); border-radius: .5rem; overflow-x: auto;
      white-space: pre;
    }
    .verdict { display: inline-block; padding: .6rem 1rem; border-radius: .6rem; font-weight: 600; margin: 0; }
    .good { color: var(--good); background: var(--good-wash); }
    .bad { color: var(--bad); background: var(--bad-wash); }
    .warn { color: var(--warn); background: var(--warn-wash); }
    .idle { color: var(--idle); background: var(--idle-wash); }
    .facts { display: flex; flex-wrap: wrap; gap: .25rem 1.75rem; margin: 1.25rem 0 0; padding: 0; }
    .facts div { display: flex; gap: .45rem; }
    .facts dt { color: var(--soft); }
    .facts dd { margin: 0; font-variant-numeric: tabular-nums; }
    .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .75rem; background: var(--card); }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th, td { text-align: left; padding: .55rem .9rem; border-bottom: 1px solid var(--line); vertical-align: top; }
    tbody tr:last-child > *, tfoot tr:last-child > * { border-bottom: 0; }
    thead th { font-size: .875rem; color: var(--soft); font-weight: 600; white-space: nowrap; }
    thead th strong { color: var(--ink); display: block; font-size: 1rem; }
    tbody th { font-weight: 500; min-width: 11rem; }
    tfoot th, tfoot td { border-top: 2px solid var(--line); font-weight: 600; }
    .chip {
      display: inline-block; padding: .05rem .5rem; border-radius: 1rem; font-size: .8125rem; font-weight: 600;
      white-space: nowrap; margin: .1rem .2rem .1rem 0; text-decoration: none;
    }
    article {
      background: var(--card); border: 1px solid var(--line); border-radius: .75rem; margin: 1rem 0; padding: 1.1rem 1.25rem;
    }
    article.breach { border-left: .35rem solid var(--bad); }
    article.known { border-left: .35rem solid var(--warn); }
    article dl, dl.pairs { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: .4rem 1rem; margin: .9rem 0 0; }
    article dt, dl.pairs dt { color: var(--soft); }
    article dd, dl.pairs dd { margin: 0; overflow-wrap: anywhere; }
    article pre { margin-top: .35rem; }
    .where { color: var(--soft); font-weight: 400; }
    details { border: 1px solid var(--line); border-radius: .75rem; background: var(--card); margin: .6rem 0; }
    summary { padding: .6rem 1rem; cursor: pointer; overflow-wrap: anywhere; }
    details > ul { margin: 0; padding: 0 1rem .8rem 2.2rem; columns: 18rem; }
    .label { color: var(--soft); font-size: .875rem; margin: 1rem 0 0; }
    .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1rem; }
    .grid article { margin: 0; }
    .contents { list-style: none; margin: 0; padding: 0; display: grid; gap: .35rem 2rem;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }
    .contents a { display: flex; justify-content: space-between; gap: 1rem; padding: .35rem 0; text-decoration: none;
      border-bottom: 1px solid var(--line); }
    .contents a:hover { text-decoration: underline; }
    .contents span { color: var(--soft); font-variant-numeric: tabular-nums; }
    .statement { font-size: 1.06rem; font-weight: 600; margin: .3rem 0 .4rem; max-width: 62ch; }
    .chapter { counter-reset: none; scroll-margin-top: 1rem; }
    .quiet { color: var(--soft); font-size: .9rem; }
    @media (max-width: 36rem) {
      article dl, dl.pairs { grid-template-columns: minmax(0, 1fr); gap: 0; }
      article dd, dl.pairs dd { margin-bottom: .6rem; }
      th, td { padding: .5rem .65rem; }
      tbody th { min-width: 8.5rem; }
    }
    @media print {
      body { background: none; font-size: 11pt; }
      article, details { break-inside: avoid; }
      pre { white-space: pre-wrap; }
    }
    """
}
