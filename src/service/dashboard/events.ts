import { html } from 'hono/html';
import type { ServiceEvent } from '../events.ts';
import type { Snapshot } from '../snapshot.ts';
import { timeOf, withNumbers } from './chart.ts';
import type { Html } from './frame.ts';

/** The others are folded away. */
const SHOWN = 10;

/** What has happened, the newest first. */
export function eventsOf({ events }: Pick<Snapshot, 'events'>): Html | string {
  if (events.length === 0) return '';
  const newest = events.toReversed();
  const rest = newest.slice(SHOWN);
  return html`<section aria-labelledby="log"><h2 id="log">Log</h2><ul class="log">${
    newest.slice(0, SHOWN).map(line)
  }</ul>
${
    rest.length === 0 ? '' : html`
      <details>
        <summary>${rest.length} older ones</summary>
        <ul class="log">${rest.map(line)}</ul>
      </details>
    `
  }</section>`;
}

function line({ at, kind, what, details }: ServiceEvent): Html {
  return html`<li class="${kind}">${timeOf(at)} ${withNumbers(what)}${
    details.length === 0 ? '' : html`
      <details>
        <summary>more</summary>
        <ul>${details.map((detail) => html`<li>${detail}</li>`)}</ul>
      </details>
    `
  }</li>`;
}
