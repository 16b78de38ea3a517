import { Buffer } from 'node:buffer';

/** An embedding as PostgreSQL writes it, be it pgvector's `[1,2]` or an array's `{1,2}`, as a unit vector; undefined for one without a direction. */
export function parseEmbedding(text: string): Float32Array | undefined {
  return unit(Float32Array.from(text.slice(1, -1).split(','), Number));
}

/** Where these point to together; undefined without any. */
export function meanOf(vectors: readonly Float32Array[]): Float32Array | undefined {
  const [first] = vectors;
  if (first === undefined) return undefined;
  const alike = vectors.filter(({ length }) => length === first.length);
  return unit(first.map((_, index) => alike.reduce((sum, vector) => sum + (vector[index] ?? 0), 0)));
}

export function encodeEmbedding(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}

export function decodeEmbedding(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return unit(Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4)));
}

function unit(vector: Float32Array): Float32Array | undefined {
  const length = Math.hypot(...vector);
  return length > 0 && Number.isFinite(length) ? vector.map((value) => value / length) : undefined;
}
