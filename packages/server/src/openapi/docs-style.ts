// How the API page looks: one sheet, light and dark, nothing from elsewhere.

export const DOCS_STYLE = `
:root{color-scheme:light dark;--ink:#1d2433;--soft:#5b6577;--line:#dfe3ea;--paper:#fff;--shade:#f5f7fa;--accent:#2456b8}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ef;--soft:#9aa5b8;--line:#313a49;--paper:#141922;--shade:#1c232f;--accent:#8db4ff}}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:var(--paper);font:16px/1.55 system-ui,sans-serif;display:grid;grid-template-columns:15rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;padding:1.5rem;border-right:1px solid var(--line);background:var(--shade);overflow:auto}
nav ul{list-style:none;margin:0;padding:0}
nav li{margin:.35rem 0}
.brand{font-weight:700;font-size:1.15rem;margin:0 0 1rem}
main{padding:2rem clamp(1rem,4vw,3rem) 6rem;max-width:70rem}
h1{margin:0 0 .5rem}
h2{margin:2.5rem 0 .25rem;padding-top:.5rem}
h4{margin:1rem 0 .25rem}
a{color:var(--accent)}
code,pre{font:.88em/1.5 ui-monospace,monospace}
pre{background:var(--shade);border:1px solid var(--line);border-radius:8px;padding:1rem;overflow:auto}
details{border:1px solid var(--line);border-radius:8px;margin:.5rem 0;background:var(--paper)}
details:target,details:has(:target){border-color:var(--accent)}
.body{scroll-margin-top:3.5rem}
summary::before{content:"\\25B8";color:var(--soft)}
details[open]>summary::before{content:"\\25BE"}
tr:target{outline:2px solid var(--accent)}
summary{cursor:pointer;padding:.6rem .9rem;display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline}
summary:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.what{color:var(--soft)}
.body{padding:0 .9rem .9rem;border-top:1px solid var(--line);overflow-x:auto}
.method{font:700 .75rem/1.6 ui-monospace,monospace;min-width:4.2em;text-align:center;border-radius:5px;padding:.05rem .4rem;color:#fff;background:#4a5568}
.get{background:#1f6feb}.post{background:#1a7f4b}.patch{background:#8a5a00}.delete{background:#b42318}
.flag{font-size:.75rem;border:1px solid var(--line);border-radius:5px;padding:0 .4rem;color:var(--soft)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.93rem}
td,th{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-top:1px solid var(--line)}
@media (max-width:52rem){body{display:block}nav{position:static;height:auto;border-right:0;border-bottom:1px solid var(--line)}nav ul{display:flex;flex-wrap:wrap;gap:0 1rem}}
`;
