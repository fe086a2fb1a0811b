/** How the launcher and the demo data get on: `scripts/seed/index.ts` is a `SeedModule`. */
export interface SeedModule {
  /** Fills an empty database. Bulk-written; the same number gives the same data. */
  seed(options: SeedOptions): Promise<SeedSummary>;
  /** Whether `seed` has filled this database to the end. */
  isSeeded(target: SeedTarget): Promise<boolean>;
  /** One per role, for whoever wants to look around. */
  readonly demoLogins: readonly DemoLogin[];
}

export interface SeedTarget {
  readonly uri: string;
  /** Name of the database. */
  readonly name: string;
}

export interface SeedOptions extends SeedTarget {
  readonly seedNumber?: number;
  /** @param share how much is done, from 0 to 1. @param what is being written now: `orders`. */
  readonly onProgress?: (share: number, what: string) => void;
}

/** How much of what was written, such as `{ merchants: 25, orders: 30000 }`. */
export type SeedSummary = Readonly<Record<string, number>>;

export interface DemoLogin {
  readonly role: string;
  readonly email: string;
  readonly password: string;
}
