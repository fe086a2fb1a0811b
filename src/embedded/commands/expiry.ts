import { CommandError } from '../errors.ts';
import { typeNameOf } from '../query/expression-arguments.ts';
import { numberOf } from '../query/value-types.ts';

const LONGEST_SECONDS = 2_147_483_647;

/** @returns the seconds of `expireAfterSeconds` @throws InvalidOptions (72) where it is no number of seconds that MongoDB takes */
export function checkExpiry(value: unknown): number {
  const seconds = numberOf(value);
  if (seconds === undefined) {
    throw new CommandError(
      'InvalidOptions',
      `TTL index 'expireAfterSeconds' option must be numeric, but received a type of '${typeNameOf(value)}'`,
    );
  }
  if (seconds < 0)
    throw new CommandError('InvalidOptions', "TTL index 'expireAfterSeconds' option cannot be less than 0");
  if (seconds > LONGEST_SECONDS) {
    throw new CommandError(
      'InvalidOptions',
      `TTL index 'expireAfterSeconds' option must be within an acceptable range, try a lower number. Maximum allowed value is ${String(LONGEST_SECONDS)}`,
    );
  }
  return Math.trunc(seconds);
}
