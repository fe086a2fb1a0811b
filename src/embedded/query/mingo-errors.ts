import { CommandError } from '../errors.ts';

interface Translation {
  readonly pattern: RegExp;
  readonly code: number;
  readonly message: (text: string) => string;
}

const same = (text: string): string => text;

/** mingo's wordings to which MongoDB gives a code of its own. */
const TRANSLATIONS: readonly Translation[] = [
  { pattern: /divide by zero/, code: 2, message: () => "can't $divide by zero" },
  { pattern: /^Use of undefined variable/, code: 17276, message: same },
  { pattern: /unregistered pipeline operator (\$\w+)/, code: 40324, message: unrecognizedStage },
  { pattern: /unknown top level operator/, code: 2, message: same },
  {
    pattern: /unknown query operator/,
    code: 2,
    message: (text) => text.replace('unknown query operator', 'unknown operator:'),
  },
  { pattern: /cannot convert/, code: 241, message: same },
  { pattern: /stage must have single operator/, code: 40323, message: singleField },
  { pattern: /(must|expects?|should|only|requires|cannot|invalid)/i, code: 9, message: same },
];

function unrecognizedStage(text: string): string {
  return `Unrecognized pipeline stage name: '${/\$\w+/.exec(text)?.[0] ?? ''}'`;
}

function singleField(): string {
  return 'A pipeline stage specification object must contain exactly one field.';
}

/** Whether the error was thrown by mingo's checks; its class is not exported and has no name of its own. */
function isMingoError(error: unknown): error is Error {
  return error instanceof Error && error.constructor.name === 'MingoError';
}

/** The error as a command fails with it: mingo's refusals become MongoDB's, everything else stays what it is. */
export function toCommandError(error: unknown): unknown {
  if (!isMingoError(error)) return error;
  const found = TRANSLATIONS.find(({ pattern }) => pattern.test(error.message));
  return new CommandError(found?.code ?? 'BadValue', found?.message(error.message) ?? error.message);
}

/** Runs something of mingo's and throws its refusals as {@link CommandError}. */
export function mongoErrors<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw toCommandError(error);
  }
}
