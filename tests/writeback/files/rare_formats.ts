import { Buffer } from 'node:buffer';
import { makeFile } from './media.ts';

/** Small pictures by FFmpeg (`testsrc`, 16×12), of formats that nothing here can draw. */
const JPEG_2000 =
  'AAAADGpQICANCocKAAAAFGZ0eXBqcDIgAAAAAGpwMiAAAAAtanAyaAAAABZpaGRyAAAADAAAABAAAQgHAAAAAAAPY29scgEAAAAAABEAAAF7an' +
  'AyY/9P/1EAKQAAAAAAEAAAAAwAAAAAAAAAAAAAAQAAAAEAAAAAAAAAAAAAAQcBAf9SAAwAAAABAAYCAgAA/1wAKSJ/IH7gfuB+oHbwdvB2wG8A' +
  'bwBu4GdQZ1BnaFAFUAVQR1fTV9NXYv9kABEAAUxhdmM1OS4zNy4xMDD/kAAKAAAAAAD4AAH/k8P5AghxAADH7AUH4AUH4AQEVwMdCb/H5g0B84' +
  'OB9QGAEEP/WsrtC51/C/7P35iEfaGR9ocAEBC1m40urfZuR4HtDi91iwysxxHLGQb+BsqNCw4dSlxsfbD0FeaLI02H35mM/Arj7Sc36snv20m9' +
  '/mdDMpK8mTVImivpxdNyCD2u9RDwYkOTzglOV2b4k6jYJJcmrF4Kenu/Qav0uM/l5SHJcU28JQfdwrkcI8k8QAdi0OkIjtJUXFJ9olqy0btwUk' +
  'brkzVfGXYAZ3pThxOwolsdEDBtcyN91Uwjm7R0Vt2eXsSwbaRK6RhAX//Z';
const AVIF =
  'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAAD5bWV0YQAAAAAAAAAvaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAFBpY3R1cm' +
  'VIYW5kbGVyAAAAAA5waXRtAAAAAAABAAAAHmlsb2MAAAAARAAAAQABAAAAAQAAASEAAAAUAAAAKGlpbmYAAAAAAAEAAAAaaW5mZQIAAAAAAQAA' +
  'YXYwMUNvbG9yAAAAAGppcHJwAAAAS2lwY28AAAAUaXNwZQAAAAAAAAAQAAAADAAAABBwaXhpAAAAAAMICAgAAAAMYXYxQ4EADAAAAAATY29scm' +
  '5jbHgAAgACAAIAAAAAF2lwbWEAAAAAAAAAAQABBAECgwQAAAAcbWRhdAoGGAz+2wCAMgoYAAAAUAAAAACc';
/** Without the boxes in which metadata are. */
const JPEG_XL =
  '/wpYsAEAEogCAAwFXZkcAAAVKqOMG7yc6/nyQ4fFtI3rDG21bWFJosg4NkkncEgSS4DsXEUCovdznP/MFx96E5vuDDubz2LpQQsVT4AgKqRAou' +
  '26lY7HY1TQ8Zj5/8nHgJCQS+ZvoYlb4Q6jSjA+rR1wf80sXkfJGjmfJ3xI1aN1+XvjgFgcOPNmRWVtpaPWpQgMgr5K7Rja9tIFRoB+Of8iAHxS' +
  'My4rI+lfRNPLJd1RYfK2iaWzekKRLASJKpY/gOB2fep873e6q9a7Y3JveCruP1HQv8/FNo2Rhzgbq4fL0NAxJyIKsWrB0x+eXLHzdcxBqy1H9W' +
  'DfXkz2cyeHl0BqkxvDPqNSorVHfm0sQmHUHz0Y8Ih2xIx8z+tvAfQl16CxhWqOxQeu780frKUWAsCjxiBoc5Yd6w8wC7hm74lgRmN5XflT1ltB' +
  'YMOGHAY=';

const MAKERS = Object.freeze({
  'jp2': () => Buffer.from(JPEG_2000, 'base64'),
  'avif': () => Buffer.from(AVIF, 'base64'),
  'jxl': () =>
    Buffer.concat([
      box('JXL ', Buffer.from('\r\n\x87\n', 'latin1')),
      box('ftyp', Buffer.from('jxl \0\0\0\0jxl ', 'latin1')),
      box('jxlc', Buffer.from(JPEG_XL, 'base64')),
    ]),
  'm4v': () => branded(makeFile('mp4'), 'M4V '),
  '3gp': () => branded(makeFile('mp4'), '3gp4'),
  '3g2': () => branded(makeFile('mp4'), '3g2a'),
  'heif': () => branded(makeFile('heic'), 'mif1'),
});

/** Formats that are written into, and that test files beside these are not made of. */
export const RARE_FORMATS: readonly RareFormat[] = Object.freeze(Object.keys(MAKERS) as RareFormat[]);

export type RareFormat = keyof typeof MAKERS;

export function makeRareFile(format: RareFormat): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(MAKERS[format]());
}

function box(type: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + content.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}

/** The same boxes, as a file of another brand. */
function branded(file: Uint8Array, brand: string): Buffer {
  const bytes = Buffer.from(file);
  if (bytes.toString('latin1', 4, 8) !== 'ftyp') throw new Error('It does not begin with its type.');
  bytes.write(brand, 8, 'latin1');
  return bytes;
}
