import { plural } from '../../config/words.ts';
import { html } from 'hono/html';
import type { Visitor } from '../http/access.ts';
import type { Snapshot } from '../snapshot.ts';
import { numberOf } from './chart.ts';
import type { Html } from './frame.ts';
import { helpWith } from './help.ts';

/** What somebody has to decide or repair, each with what to do and where to read on. */
export function actionNeeded({ problems, brakes }: Snapshot, { isSignedIn }: Visitor): Html | string {
  const said = new Map(
    problems.filter(({ code }) => code !== 'brake').map((one) => [`${one.what} ${one.remedy}`, one]),
  );
  const others = [...said.values()];
  if (others.length + brakes.length === 0) return '';
  return html`
    <section aria-labelledby="needs">
      <h2 id="needs">Action needed</h2>
      <ul class="problems">
    ${brakes.map(({ job, mirrors, total, emptyDirectory }) =>
      html`<li>
<p><strong>${job}</strong>: ${numberOf(mirrors)} of ${numberOf(total)} ${
        plural(total, 'shared photo')
      } would be removed, because their originals are gone. That is too
much to happen by itself, so all of them are kept. ${helpWith('brake', `photos of ${job} that would be removed`)}</p>
${
        emptyDirectory === undefined
          ? ''
          : html`<p>The folder <code>${emptyDirectory}</code> is empty or not there: its disk is probably not mounted.</p>`
      }
<p>If it is a mistake, correct it, and everything stays. If it is right, confirm it${
        isSignedIn
          ? html`:</p><form method="get" action="/confirm"><input type="hidden" name="job" value="${job}">
<button>Look at ${numberOf(mirrors)} ${plural(mirrors, 'photo')}, and decide</button></form>`
          : html`
            with <code>immich-sidecar sync --confirm-withdrawals</code>.</p>
          `
      }</li>`
    )}
    ${others.map(({ code, what, remedy }) =>
      html`
        <li>
          <p>${asSentence(what)}</p>
          <p>${remedy} ${helpWith(code, what)}</p>
        </li>
      `
    )}
      </ul>
    </section>
  `;
}

/** A problem says what happened without capital and full stop. */
export function asSentence(what: string): string {
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}`.replace(/[^.!?]$/, '$&.');
}
