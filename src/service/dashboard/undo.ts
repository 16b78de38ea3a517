import { html } from 'hono/html';
import { plural } from '../../config/words.ts';
import type { LastWrite } from '../../writeback/last_write.ts';
import { numberOf, timeOf } from './chart.ts';
import { type Html, subPage } from './frame.ts';

/** The second question before what was written is undone: how many files, and which. */
export function undoPage({ run, startedAt, files, some }: LastWrite, isPaused: boolean): Html {
  const rest = files - some.length;
  return subPage(
    'Undo the last write?',
    html`
      <section class="verdict held" aria-labelledby="verdict">
        <h2 id="verdict">Undo what was written into ${numberOf(files)} ${plural(files, 'file')}?</h2>
        <p>Run ${run}, ${timeOf(
          startedAt,
        )}. Each file becomes what it was before, byte for byte; sidecars that were made are removed. What somebody has changed since
        stays as it is.</p>
        ${isPaused
          ? ''
          : html`<p>The next run of write-back writes it again. If that is not wanted, pause first, or change WRITE_MODULES.</p>`}
        <ul class="photos">${some.map(({ path, goes }) =>
          html`<li><code>${path}</code>${goes ? ' is removed' : ''}</li>`
        )}</ul>
        ${rest > 0 ? html`<p>and ${numberOf(rest)} more.</p>` : ''}
        <form method="post" action="/actions/undo-write"><input type="hidden" name="run" value="${run}">
        <button class="danger">Yes, undo it</button></form>
        <form method="get" action="/"><button>No, leave them</button></form>
      </section>
    `,
  );
}
