import type { ScopedModel } from '../database/collection.ts';
import { asSystem } from '../database/scoped.ts';
import { redactText } from '../observability/redact.ts';
import type { OutboxRow } from '../outbox/event.store.ts';
import type { JobFate } from './job-fate.ts';
import type { ScheduleDue } from './schedule.ts';

/** A slot whose job has not reached its queue yet. */
export interface UnrelayedSlot {
  readonly name: string;
  readonly slot: Date;
  /** `failed` if it never will unless somebody looks. */
  readonly fate: JobFate;
}

type Row = Pick<OutboxRow, 'cause' | 'state'> & Pick<ScheduleDue, 'data'>;

const access = asSystem('schedules');

/** What the outbox has of schedules. */
export class DueSlots {
  readonly #events: ScopedModel<OutboxRow>;

  constructor(events: ScopedModel<OutboxRow>) {
    this.#events = events;
  }

  async findUnrelayed(slots: readonly { readonly name: string; readonly slot: Date }[]): Promise<UnrelayedSlot[]> {
    if (slots.length === 0) return [];
    const rows = await this.#events
      .find(
        {
          type: 'schedule.due',
          state: { $in: ['pending', 'parked'] },
          'data.slot': { $in: slots.map(({ slot }) => slot.toISOString()) },
          'data.name': { $in: slots.map(({ name }) => name) },
        },
        { data: 1, state: 1, cause: 1 },
        access,
      )
      .lean<Row[]>();
    return rows.map(({ data, state, cause }) => ({
      name: data.name,
      slot: new Date(data.slot),
      fate: {
        state: state === 'parked' ? 'failed' : 'waiting',
        ...(cause !== null && { reason: redactText(cause) }),
      },
    }));
  }
}
