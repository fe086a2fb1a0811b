/**
 * MongoDB's error codes that this server answers with, by name.
 * Source: src/mongo/base/error_codes.yml of MongoDB 7.0.
 */
export const ErrorCodes = {
  InternalError: 1,
  BadValue: 2,
  NoSuchKey: 4,
  Unauthorized: 13,
  TypeMismatch: 14,
  Overflow: 15,
  InvalidLength: 16,
  IllegalOperation: 20,
  InvalidBSON: 22,
  FailedToParse: 9,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  CannotBackfillArray: 34,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  DollarPrefixedFieldName: 52,
  InvalidIdField: 53,
  NotSingleValueField: 54,
  InvalidDBRef: 55,
  EmptyFieldName: 56,
  DottedFieldName: 57,
  CommandNotFound: 59,
  WriteConcernFailed: 64,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  IndexAlreadyExists: 68,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  NetworkTimeout: 89,
  ShutdownInProgress: 91,
  OperationFailed: 96,
  NotExactValueField: 111,
  WriteConflict: 112,
  ConflictingOperationInProgress: 117,
  DocumentValidationFailure: 121,
  CommandNotSupportedOnView: 166,
  OptionNotSupportedOnView: 167,
  InvalidPipelineOperator: 168,
  CannotIndexParallelArrays: 171,
  QueryPlanKilled: 175,
  InvalidIndexSpecificationOption: 197,
  QueryFeatureNotAllowed: 224,
  TransactionTooOld: 225,
  AtomicityFailure: 226,
  CannotImplicitlyCreateCollection: 227,
  SessionTransferIncomplete: 228,
  NoSuchTransaction: 251,
  TransactionCommitted: 256,
  TransactionTooLarge: 257,
  OperationNotSupportedInTransaction: 263,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  Interrupted: 11601,
  CommandFailed: 125,
  IncompleteTransactionHistory: 217,
  CannotBuildIndexKeys: 201,
  CursorInUse: 12051,
  NoQueryExecutionPlans: 291,
  UnsupportedOpQueryCommand: 352,
  HostUnreachable: 6,
  HostNotFound: 7,
  LockTimeout: 24,
  UnknownReplWriteConcern: 79,
  UnsatisfiableWriteConcern: 100,
  ReadConcernMajorityNotAvailableYet: 134,
  FailPointSetFailed: 141,
  PrimarySteppedDown: 189,
  SnapshotTooOld: 239,
  SnapshotUnavailable: 246,
  ExceededTimeLimit: 262,
  PreparedTransactionInProgress: 267,
  APIVersionError: 322,
  APIStrictError: 323,
  SocketException: 9001,
  NotWritablePrimary: 10107,
  InterruptedAtShutdown: 11600,
  InterruptedDueToReplStateChange: 11602,
  NotPrimaryNoSecondaryOk: 13435,
  NotPrimaryOrSecondary: 13436,
  AuthenticationFailed: 18,
  SearchNotEnabled: 31082,
} as const;

export type ErrorCodeName = keyof typeof ErrorCodes;

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(ErrorCodes).map(([name, code]) => [code, name]));

/** What a command may fail with beside its code: members of the reply, and labels that tell the driver whether to retry. */
export interface CommandErrorDetails {
  readonly labels?: readonly string[];
  readonly [member: string]: unknown;
}

/** A failure that MongoDB would answer too: code, its name, and MongoDB's own wording. Anything else thrown is a bug of ours. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: number;
  readonly codeName: string;
  readonly details: CommandErrorDetails;

  /** @param code a name of {@link ErrorCodes}, or one of the `Location` numbers that MongoDB throws without a name */
  constructor(code: ErrorCodeName | number, message: string, details: CommandErrorDetails = {}) {
    super(message);
    this.code = typeof code === 'number' ? code : ErrorCodes[code];
    this.codeName = NAMES.get(this.code) ?? `Location${String(this.code)}`;
    this.details = details;
  }
}

/** The answer to what only a real MongoDB can do. */
export function notSupported(what: string, code: ErrorCodeName | number = 'CommandFailed'): CommandError {
  return new CommandError(
    code,
    `${what} is not supported by the embedded server; set MONGODB_URI to a MongoDB replica set to use it`,
  );
}

/** The answer to Atlas Search, which a server of one's own has as little as this one. */
export function searchNotEnabled(what: string): CommandError {
  return new CommandError(
    'SearchNotEnabled',
    `${what} is only supported with Atlas; set MONGODB_URI to a deployment that has Atlas Search to use it`,
  );
}
