import { apiKeys } from '../features/api-keys/api-key.model.ts';
import { ApiKeyReads } from '../features/api-keys/api-key.reads.ts';
import { ApiKeyService } from '../features/api-keys/api-key.service.ts';
import { ApiKeyStore } from '../features/api-keys/api-key.store.ts';
import { ApiKeyWatch } from '../features/api-keys/api-key.watch.ts';
import { Authorizer } from '../features/identity/authorizer.ts';
import type { identityParts } from './identity.ts';
import type { merchantParts } from './merchants.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

type Known = Pick<ReturnType<typeof identityParts>, 'tokens' | 'userReads'> &
  Pick<ReturnType<typeof merchantParts>, 'membershipReads'>;

/** Who may call what: people by their sessions and memberships, programs by the keys of stores. */
export function accessParts(
  parts: Parts,
  { database, now, transact, appendEvent, cursors, logger }: Platform,
  { userReads, tokens, membershipReads }: Known,
) {
  const keys = () => apiKeys.on(database().primary);
  const reads = parts.part(() => new ApiKeyReads(keys(), cursors()));
  const store = parts.part(() => new ApiKeyStore(keys()));
  const watch = parts.part(() => new ApiKeyWatch({ reads: reads(), store: store(), logger: logger(), now }));
  return {
    authorizer: parts.part(
      () => new Authorizer({ tokens: tokens(), users: userReads(), memberships: membershipReads(), keys: watch() }),
    ),
    apiKeys: parts.part(
      () =>
        new ApiKeyService({
          transact: transact(),
          appendEvent: appendEvent(),
          memberships: membershipReads(),
          store: store(),
          reads: reads(),
          watch: watch(),
          now,
        }),
    ),
  };
}
