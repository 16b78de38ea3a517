/** The look: system fonts, light and dark by the reader's setting, contrasts of at least 4.5 to 1. */
export const STYLE = `
:root { --ground: #f6f7f9; --card: #fff; --ink: #1c2024; --soft: #555d66; --line: #d9dde2;
  --good: #16713a; --busy: #1f5fae; --bad: #b3261e; --held: #8a5300; --accent: #1f5fae; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171a; --card: #1d2125; --ink: #e8eaed; --soft: #a9b1ba; --line: #363c43;
    --good: #6fd08c; --busy: #8ab8f5; --bad: #ff9d94; --held: #ffc26b; --accent: #8ab8f5; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
h1 { font-size: 1rem; margin: 0; color: var(--soft); font-weight: 600; }
h2 { font-size: 1.15rem; margin: 0 0 .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
h4 { font-size: .9rem; margin: .5rem 0 0; color: var(--soft); }
small { color: var(--soft); }
p { margin: 0 0 .5rem; overflow-wrap: anywhere; }
ul { margin: .25rem 0; padding-left: 1.2rem; }
code { font-size: .9em; overflow-wrap: anywhere; }
a { color: var(--accent); }
header { margin-bottom: .75rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin-bottom: .9rem; }
.verdict { border-left: .4rem solid var(--kind); }
.verdict h2 { font-size: 1.6rem; color: var(--kind); margin: 0; }
.good { --kind: var(--good); } .busy { --kind: var(--busy); } .bad { --kind: var(--bad); } .held { --kind: var(--held); }
.message, #connection { border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .6rem; } .message p { white-space: pre-line; }
.problems { list-style: none; padding: 0; } .problems > li { border-left: .25rem solid var(--held); padding-left: .7rem; margin: .75rem 0; }
.jobs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: .9rem; }
.job { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; }
.job > p, .job li { color: var(--soft); } .job .number { color: var(--ink); margin: .3rem 0; } .number strong { font-size: 1.4rem; }
progress { width: 100%; height: .6rem; accent-color: var(--good); }
.chart { display: block; width: 100%; height: 4rem; margin-bottom: .5rem; border-bottom: 1px solid var(--line); }
.chart .done { fill: var(--good); } .chart .partial { fill: var(--held); } .chart .failed { fill: var(--bad); }
.scroll { overflow-x: auto; } .scroll:focus-visible { outline: 2px solid var(--accent); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .5rem; border-top: 1px solid var(--line); white-space: nowrap; font-weight: 400; }
thead th { border: 0; color: var(--soft); } th:first-child, td.words { text-align: left; } td.words { white-space: normal; color: var(--bad); }
@media (max-width: 34rem) {
  thead { position: absolute; clip-path: inset(50%); } tr { display: block; border-top: 1px solid var(--line); padding: .3rem 0; }
  th, td { display: inline-block; border: 0; padding: .1rem .8rem .1rem 0; white-space: normal; } tr > th { display: block; }
  td[data-label]::before { content: attr(data-label) " "; color: var(--soft); }
}
form { display: inline-block; margin: .25rem .5rem .25rem 0; } .buttons { display: flex; flex-wrap: wrap; }
label { display: block; color: var(--soft); }
input, button, select { font: inherit; padding: .45rem .8rem; border-radius: .4rem; border: 1px solid var(--soft); background: var(--card); color: var(--ink); max-width: 100%; }
button { border-color: var(--accent); color: var(--accent); cursor: pointer; margin-top: .25rem; }
input:not([type=hidden]) + button { margin-left: .5rem; }
button:focus-visible, input:focus-visible, select:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.message a { font-weight: 600; } .log { list-style: none; padding: 0; } .log > li { border-left: .25rem solid var(--line); padding-left: .6rem; margin: .35rem 0; overflow-wrap: anywhere; }
.log > .trouble { border-color: var(--bad); } .log > .decision { border-color: var(--held); } .log time { color: var(--soft); margin-right: .4rem; }
summary { cursor: pointer; color: var(--accent); } .photos { max-height: 22rem; overflow-y: auto; }
button.danger { border-color: var(--bad); color: var(--bad); }
button.first { background: var(--accent); border-color: var(--accent); color: var(--card); }
form.question { display: block; margin: 0; } form.question h2 { margin: .5rem 0; } form.question input:not([type=radio], [type=checkbox]) { width: 100%; }
fieldset { border: 0; padding: 0; margin: 0; } legend { padding: 0; } legend h2, h2 label { color: var(--ink); }
.option { display: flex; gap: .6rem; align-items: baseline; color: var(--ink); padding: .35rem 0; cursor: pointer; } .option input { flex: none; } .option span { min-width: 0; overflow-wrap: anywhere; }
.scroll { max-height: 60vh; overflow-y: auto; border: 1px solid var(--line); border-radius: .4rem; padding: .25rem .7rem; } .scroll small { display: block; } .question h3 { margin: .75rem 0 .25rem; }
.question .buttons { gap: .5rem; margin-top: .75rem; }
.note { border-left: .25rem solid var(--kind, var(--line)); padding-left: .7rem; margin: .75rem 0; white-space: pre-line; }
ul.plan { padding-left: 1rem; } .plan .inner { list-style: none; } .plan li { overflow-wrap: anywhere; }
div.note { white-space: normal; }
textarea { font: inherit; width: 100%; padding: .45rem .8rem; border-radius: .4rem; border: 1px solid var(--soft); background: var(--card); color: var(--ink); }
textarea:focus-visible, .difference:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; } textarea.file, .difference { font: .85rem/1.45 ui-monospace, monospace; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); gap: .25rem 1rem; } .fields small { display: block; } .fields label, .fields legend { color: var(--ink); font-weight: 600; } .fields .option { font-weight: 400; } .fields .wide { grid-column: 1 / -1; } .fields .wide .scroll { max-height: 18rem; }
.difference { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .4rem; padding: .5rem; } .difference .added { color: var(--good); } .difference .removed { color: var(--bad); }
.said { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .1rem 1rem; margin: 0 0 .75rem; } .said dd { margin: 0; }
dt { color: var(--soft); } dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: .9rem; } footer a { margin-right: 1rem; }
`;

/**
 * What JavaScript adds: the page is fetched again when the server says that something has changed, times are shown in the reader's own
 * zone, and what somebody is typing is left alone. Pages without the notice of a lost connection do not follow.
 */
export const SCRIPT = `
const localNumbers = () => {
  for (const number of document.querySelectorAll('data.number')) number.textContent = Number(number.value).toLocaleString();
};
const localTimes = () => {
  for (const time of document.querySelectorAll('time')) {
    time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' });
  }
};
const update = async () => {
  const content = document.getElementById('content');
  if (content.contains(document.activeElement) && document.activeElement.tagName === 'INPUT') return;
  const answer = await fetch('/', { headers: { accept: 'text/html' } });
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  document.title = fresh.title;
  const opened = [...document.querySelectorAll('details')].map((one) => one.open);
  content.replaceWith(fresh.getElementById('content'));
  document.querySelectorAll('details').forEach((one, index) => { one.open = opened[index] === true; });
  localTimes();
  localNumbers();
};
localTimes();
localNumbers();
const lost = document.getElementById('connection');
if (lost !== null) {
  const events = new EventSource('/events');
  events.addEventListener('change', () => update().catch(() => {}));
  events.addEventListener('open', () => { lost.hidden = true; });
  events.addEventListener('error', () => { lost.hidden = false; });
}
`;

/** Two pictures, one behind the other. */
export const ICON =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="3" y="9" width="19" height="19" rx="3" fill="#8ab8f5"/><rect x="10" y="4" width="19" height="19" rx="3" fill="#1f5fae"/></svg>`;
