import { dayOf, plural } from '../../config/words.ts';
import { html } from 'hono/html';
import type { BrakeReport } from '../../share/brake/brake.ts';
import type { HeldPhoto } from '../../share/brake/held.ts';
import { numberOf } from './chart.ts';
import { type Html, subPage } from './frame.ts';
import { IMMICH_PAGES } from './immich_pages.ts';

/** What would be removed if it was confirmed now. */
export interface Review {
  readonly job: string;
  /** The first of them. */
  readonly photos: readonly HeldPhoto[];
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  'source-deleted': 'deleted by its owner',
  'source-trashed': 'in its owner\u2019s trash',
  'source-offline': 'its file is not there any more',
  'not-selected': 'not selected by the share any more',
});

/** The second question before photos are removed from somebody's account: what it is about, with the photos themselves. */
export function confirmationPage(
  { job, mirrors, total, emptyDirectory }: BrakeReport,
  review: Review | string,
  immichUrl: string | undefined,
): Html {
  return subPage(
    `Remove photos of ${job}?`,
    html`
      <section class="verdict held" aria-labelledby="verdict">
      <h2 id="verdict">Remove ${numberOf(mirrors)} of ${numberOf(total)} ${plural(total, 'photo')} of ${job}?</h2>
      <p>They disappear from the account of the user who receives them, with what that user has done to them. The originals are not touched. What is removed comes back only if
      the originals are shared again.</p>
      ${emptyDirectory === undefined
        ? ''
        : html`<p><strong>The folder <code>${emptyDirectory}</code> is empty or not there: its disk is probably not mounted.</strong> Then mount it
        instead, and everything stays.</p>`}
      ${photosOf(review, mirrors, immichUrl)}
      <form method="post" action="/actions/confirm"><input type="hidden" name="job" value="${job}">
      <button class="danger">Yes, remove them</button></form>
      <form method="get" action="/"><button>No, keep them</button></form>
        </section>
    `,
  );
}

function photosOf(review: Review | string, mirrors: number, immichUrl: string | undefined): Html {
  if (typeof review === 'string') return html`<p>Which ones cannot be told now: ${review}</p>`;
  const { photos } = review;
  const rest = mirrors - photos.length;
  return html`<ul class="photos">${
    photos.map(({ mirrorAssetId, fileName, takenAt, reason }) =>
      html`<li>${
        immichUrl === undefined
          ? fileName
          : html`<a href="${immichUrl + IMMICH_PAGES.photo(mirrorAssetId)}">${fileName}</a>`
      }, ${dayOf(takenAt)}: ${REASONS[reason] ?? reason}</li>`
    )
  }</ul>${rest > 0 ? html`<p>and ${numberOf(rest)} more.</p>` : ''}`;
}
