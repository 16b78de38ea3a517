import { html } from 'hono/html';
import { dayOf } from '../../config/words.ts';
import type { OpenConflict } from '../../share/both_ways/conflicts.ts';
import { type WaitingJob, waitingOf } from '../../share/both_ways/waiting.ts';
import { isAboutPerson } from '../../share/both_ways/people.ts';
import { describeValue, FIELD_WORDS, REASON_WORDS } from '../../share/both_ways/words.ts';
import { numberOf } from './chart.ts';
import { type Html, subPage } from './frame.ts';
import { IMMICH_PAGES } from './immich_pages.ts';

/** What waits for a person where changes go both ways. */
export interface OpenDecisions {
  readonly conflicts: readonly OpenConflict[];
  readonly waiting: readonly WaitingJob[];
}

/** As many as somebody decides one after the other. */
const MOST_CONFLICTS = 100;

/** What two users have both changed, with both values and a button for each, and what recipients have changed at once. */
export function decisionsPage({ conflicts, waiting }: OpenDecisions, immichUrl: string | undefined): Html {
  const rest = conflicts.length - MOST_CONFLICTS;
  return subPage(
    'Decisions',
    html`
      ${waiting.map(waitingJob)}
      <section aria-labelledby="conflicts">
        <h2 id="conflicts">Conflicts: ${numberOf(conflicts.length)}</h2>
        ${conflicts.length === 0
          ? html`<p>Nothing was changed differently by two users.</p>`
          : html`<p>Both have changed the same thing differently. Nothing is overwritten until you say whose value both get.</p>`}
        ${conflicts.slice(0, MOST_CONFLICTS).map((conflict) => conflictOf(conflict, immichUrl))}
        ${rest > 0 ? html`<p>and ${numberOf(rest)} more.</p>` : ''}
      </section>
    `,
  );
}

function waitingJob(waiting: WaitingJob): Html {
  const { job, since, confirmedAt } = waiting;
  const { name, what } = waitingOf(waiting);
  return html`
    <section class="verdict held" aria-labelledby="waiting-${job}">
      <h2 id="waiting-${job}">${what} of ${name} would be changed</h2>
      <p>Recipients have changed them on their side, since ${dayOf(
        since,
      )}. So much at once, and whatever differs when a share begins to go both ways, waits for you.
      What the originals say now is kept, and this can be undone with <code>immich-sidecar undo-merge</code>.</p>
      ${confirmedAt === null
        ? html`<form method="post" action="/actions/confirm-corrections"><input type="hidden" name="job" value="${job}">
          <button class="danger">Yes, change the originals</button></form>`
        : html`<p>Confirmed; the next sync changes them.</p>`}
    </section>
  `;
}

function conflictOf(conflict: OpenConflict, immichUrl: string | undefined): Html {
  const { job, fileName, sourceAssetId, field, because, source, target } = conflict;
  const name = immichUrl === undefined
    ? html`${fileName}`
    : html`<a href="${
      immichUrl + (isAboutPerson(conflict) ? IMMICH_PAGES.person(sourceAssetId) : IMMICH_PAGES.photo(sourceAssetId))
    }">${fileName}</a>`;
  return html`
    <article class="job"><h3>${name}: ${FIELD_WORDS[field]}</h3>
      <p>${job}; ${REASON_WORDS[because]}</p>
      <p>The owner’s: <strong>${describeValue(field, source)}</strong></p>
      <p>The recipient’s: <strong>${describeValue(field, target)}</strong></p>
      ${takeButton(conflict, 'source', 'Take the owner’s')}
      ${takeButton(conflict, 'target', 'Take the recipient’s')}
    </article>
  `;
}

/** With what was seen: what has changed meanwhile is not decided unseen. */
function takeButton(
  { sourceAssetId, mirrorAssetId, field, sum, sourceSum }: OpenConflict,
  take: string,
  label: string,
): Html {
  const fields = { source: sourceAssetId, mirror: mirrorAssetId, field, seen: `${sourceSum} ${sum}`, take };
  return html`<form method="post" action="/actions/resolve">${
    Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  }<button>${label}</button></form>`;
}
