import { datedBy, unseal, type Lifetime } from './envelope.ts';

/** What Redis has of a key, all its tags unchanged since its load began. */
export interface Found {
  readonly lifetime: Lifetime;
  readonly tags: readonly string[];
  readonly payload: () => Buffer;
}

/** What was there of a key. */
export interface Looked {
  /** If it is valid. */
  readonly found: Found | undefined;
  /** Tells it, valid or not, from what is stored later; empty if there was nothing. */
  readonly head: () => string;
}

export const NOTHING: Looked = { found: undefined, head: () => '' };

/** What lies under a key, before the versions of its tags are known. */
export interface Opened extends Pick<Looked, 'head'> {
  readonly envelope: ReturnType<typeof unseal> | undefined;
}

/** Of the beginning of an envelope: as far as the moment of its load. */
export const HEAD_BYTES = 28;

/** What is no envelope counts as absent, and is overwritten by the next load: those asked for with it are not to blame. */
export function opened(sealed: Buffer | null | undefined): Opened | undefined {
  if (sealed === null || sealed === undefined) return undefined;
  const head = () => sealed.toString('utf8', 0, HEAD_BYTES);
  try {
    return { envelope: unseal(sealed), head };
  } catch {
    return { envelope: undefined, head };
  }
}

/** @param current the versions of all tags that were looked up */
export function lookedAt(
  there: Opened | undefined,
  current: ReadonlyMap<string, string | undefined>,
  now: number,
): Looked {
  if (there === undefined) return NOTHING;
  const { envelope, head } = there;
  if (envelope === undefined) return { found: undefined, head };
  const { tags, versions, payload } = envelope;
  const lifetime = datedBy(now, envelope.lifetime);
  // A tag that was not looked up, since the value was stored with others, counts as changed.
  const isValid = tags.every((tag, index) => current.get(tag) === versions[index]);
  return { found: isValid ? { lifetime, tags: tags.slice(1), payload } : undefined, head };
}
