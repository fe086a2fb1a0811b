import { stringify } from 'csv-stringify';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { decimalsOf } from '../../../shared/money.ts';
import { harmless, plainAmount, WallClock } from './cells.ts';
import type { Cell, CellType, ReportDocument } from './document.ts';
import { readRows, type RenderTask } from './rows.ts';

/** RFC 4180 with a byte order mark, without which Excel takes UTF-8 for something else. No totals: they are no rows. */
export async function renderCsv(document: ReportDocument, { rowsFile, targetFile, passed }: RenderTask): Promise<void> {
  const { columns, currency } = document;
  const header = columns.map(({ label, type }) => (type === 'money' ? `${label} (${currency})` : label));
  const textOf = cellTexts(document);
  async function* records(): AsyncGenerator<string[]> {
    yield header;
    for await (const row of readRows(rowsFile, passed)) {
      yield columns.map(({ type }, index) => textOf[type](row[index] ?? null));
    }
  }
  const format = stringify({ bom: true, record_delimiter: '\r\n' });
  await pipeline(Readable.from(records()), format, createWriteStream(targetFile));
}

type Text = (cell: Cell) => string;

function cellTexts({ currency, timeZone }: ReportDocument): Readonly<Record<CellType, Text>> {
  const decimals = decimalsOf(currency);
  const clock = new WallClock(timeZone);
  const number =
    (write: (value: number) => string): Text =>
    (cell) =>
      typeof cell === 'number' ? write(cell) : '';
  return {
    text: (cell) => harmless(String(cell ?? '')),
    day: (cell) => String(cell ?? ''),
    integer: number(String),
    money: number((minor) => plainAmount(minor, decimals)),
    moment: number((moment) => clock.text(moment)),
  };
}
