import { plural } from '../../config/words.ts';
import { html } from 'hono/html';
import type { PairSharing, SharedBy } from '../../share/explain/because.ts';
import type { Snapshot } from '../snapshot.ts';
import { numberOf } from './chart.ts';
import type { Html } from './frame.ts';
import { IMMICH_PAGES } from './immich_pages.ts';

/** More albums than this nobody reads. */
const MOST_REASONS = 12;

/** What one user has from another, by album, person, tag or path, each as a link into Immich where that can be made. */
export function sharingOf({ sharing, immichUrl }: Snapshot): Html | string {
  if (sharing.length === 0) return '';
  return html`
    <section aria-labelledby="sharing">
      <h2 id="sharing">Who has what, and why</h2>
      <div class="jobs">${sharing.map((pair) => pairOf(pair, immichUrl))}</div>
    </section>
  `;
}

function pairOf({ sourceUserId, targetUserId, from, to, by }: PairSharing, immichUrl: string | undefined): Html {
  return html`
    <article
      class="job"><h3><a href="/pair?from=${sourceUserId}&amp;to=${targetUserId}">What ${to} has from ${from}</a></h3>
    ${reasonsOf(by, immichUrl, MOST_REASONS)}</article>
  `;
}

/** What is shared for which reason; at most so many reasons. */
export function reasonsOf(by: readonly SharedBy[], immichUrl: string | undefined, most: number): Html | string {
  if (by.length === 0) return '';
  const rest = by.length - most;
  return html`<ul>${
    by.slice(0, most).map((one) => {
      const address = addressOf(one, immichUrl);
      return html`<li>${numberOf(one.photos)} ${plural(one.photos, 'photo')}: ${
        address === undefined ? one.words : html`<a href="${address}">${one.words}</a>`
      }</li>`;
    })
  }</ul>
${rest > 0 ? html`<p>and for ${numberOf(rest)} more ${plural(rest, 'reason')}.</p>` : ''}`;
}

/** Where Immich shows what is the reason; undefined where it has no page for that. */
function addressOf({ criterion, thing, name }: SharedBy, immichUrl: string | undefined): string | undefined {
  if (immichUrl === undefined) return undefined;
  switch (criterion) {
    case 'albums':
    case 'shared-albums':
      return immichUrl + IMMICH_PAGES.album(thing);
    case 'people':
      return immichUrl + IMMICH_PAGES.person(thing);
    case 'tags':
      return immichUrl + IMMICH_PAGES.tag(name);
    case 'favorites':
      return immichUrl + IMMICH_PAGES.favorites();
    case 'paths':
      return immichUrl + IMMICH_PAGES.folder(thing);
    default:
      return undefined;
  }
}
