import { html } from 'hono/html';

export type Html = ReturnType<typeof html>;

/** Shows times and numbers as the reader writes them. */
export const SCRIPTS: Html = html`<script src="/live.js" defer></script>`;

/** A page below the dashboard: with the way back, and what shows times and numbers as the reader writes them. */
export function subPage(title: string, main: Html, heading = 'immich-sidecar'): Html {
  return frame(
    title,
    html`
      <header>
        <h1>${heading}</h1>
        <p><a href="/">Back to the dashboard</a></p>
      </header>
      <main id="content">${main}</main>
    `,
    SCRIPTS,
  );
}

/** What every page has around its own part. `head`: more for its head. */
export function frame(title: string, body: Html, head: Html | string = ''): Html {
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${title} · immich-sidecar</title>
        <link rel="stylesheet" href="/style.css">
        <link rel="icon" href="/icon.svg">
        ${head}
      </head>
      <body>
    ${body}
      </body>
    </html>
  `;
}
