import type Excel from 'exceljs';
// The whole of it reads workbooks as well: 8 MB more, and a tenth of a second.
import WorkbookWriter from 'exceljs/lib/stream/xlsx/workbook-writer.js';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { setImmediate as breathe } from 'node:timers/promises';
import { decimalsOf } from '../../../shared/money.ts';
import { CellWriter, harmless, WallClock, writable } from './cells.ts';
import type { Cell, CellType, DocumentColumn, ReportDocument } from './document.ts';
import { readRows, type RenderTask } from './rows.ts';

/** In digits, as spreadsheets reckon widths. */
const UNIT_WIDTH = 4.5;
/** What a filter's button takes of its header, and what stands free beside a number. In bold digits are wider. */
const BUTTON_WIDTH = 4;
const FREE_WIDTH = 3;
const HEADER_ROW = 5;
// The workbook's writer never says that it is full: after so many rows what it holds is let go to the disk. After ten times as
// many it takes 30 MB more, since all of it outlives the young.
const BREATH_ROWS = 100;
const INK = 'FF1F2937';

/** A workbook of one sheet: a head, a filter over the columns, the rows, and their sums, as values. */
export async function renderXlsx(document: ReportDocument, task: RenderTask): Promise<void> {
  const { columns, rows: count, totals, storeName } = document;
  const headers = headersOf(document);
  const writer = new CellWriter(document);
  const widthOf = ({ type, width }: DocumentColumn, index: number): number =>
    Math.max(
      width * UNIT_WIDTH,
      (headers[index] ?? '').length + BUTTON_WIDTH,
      writer.write(totals[index] ?? null, type).length + FREE_WIDTH,
    );
  const output = createWriteStream(task.targetFile);
  const written = finished(output);
  // What fails while rows are still being made is told at the end.
  written.catch(() => undefined);
  const workbook = new WorkbookWriter({ stream: output, useStyles: true, useSharedStrings: false });
  workbook.creator = writable(storeName);
  workbook.created = new Date(document.madeAt);
  const sheet = workbook.addWorksheet(document.title, {
    views: [{ state: 'frozen', ySplit: HEADER_ROW }],
    pageSetup: { orientation: 'landscape', fitToPage: true, fitToWidth: 1, fitToHeight: 0 },
  });
  sheet.columns = columns.map((column, index) => ({
    width: widthOf(column, index),
    style: styleOf(column.type, document),
  }));
  writeHead(sheet, document, headers);
  // Without the sums: sorted and filtered they would be one of the rows.
  sheet.autoFilter = { from: { row: HEADER_ROW, column: 1 }, to: { row: HEADER_ROW + count, column: columns.length } };

  const valueOf = cellValues(document);
  const toValues = (row: readonly Cell[]) => columns.map(({ type }, index) => valueOf[type](row[index] ?? null));
  let rows = 0;
  for await (const row of readRows(task.rowsFile, task.passed)) {
    sheet.addRow(toValues(row)).commit();
    rows += 1;
    if (rows % BREATH_ROWS === 0) await letGo(output);
  }
  const sums = sheet.addRow(toValues(totals));
  sums.font = { bold: true };
  sums.getCell(1).value = 'Total';
  sums.commit();
  await Promise.race([workbook.commit(), written]);
  await written;
}

async function letGo(
  output: NodeJS.WritableStream & { readonly writableNeedDrain: boolean; readonly errored: unknown },
) {
  if (output.errored) throw output.errored as Error;
  await breathe();
  if (output.writableNeedDrain)
    await new Promise<void>((resolve) => output.once('drain', resolve).once('close', resolve));
}

const headersOf = ({ columns, currency }: ReportDocument): readonly string[] =>
  columns.map(({ label, type }) => (type === 'money' ? `${label} (${currency})` : label));

function writeHead(sheet: Excel.Worksheet, document: ReportDocument, headers: readonly string[]): void {
  const { title, period, storeName, currency, timeZone, columns } = document;
  const head = [harmless(storeName), title, period, `Times in ${timeZone}, sums in ${currency}`];
  for (const [index, text] of head.entries()) {
    const row = sheet.addRow([text]);
    row.font = { bold: index < 2, size: index === 1 ? 16 : 11, color: { argb: INK } };
    row.commit();
  }
  const header = sheet.addRow([...headers]);
  header.font = { bold: true, color: { argb: INK } };
  for (const [index, { type }] of columns.entries())
    if (type !== 'text') header.getCell(index + 1).alignment = { horizontal: 'right' };
  header.border = { bottom: { style: 'medium', color: { argb: INK } } };
  header.commit();
}

function styleOf(type: CellType, { currency }: ReportDocument): Partial<Excel.Style> {
  const decimals = decimalsOf(currency);
  const formats: Readonly<Record<CellType, string>> = {
    text: '@',
    day: 'yyyy-mm-dd',
    moment: 'yyyy-mm-dd hh:mm',
    integer: '#,##0',
    money: decimals === 0 ? '#,##0' : `#,##0.${'0'.repeat(decimals)}`,
  };
  return { numFmt: formats[type] };
}

type Value = Date | number | string | null;

function cellValues({ currency, timeZone }: ReportDocument): Readonly<Record<CellType, (cell: Cell) => Value>> {
  const unit = 10 ** decimalsOf(currency);
  const clock = new WallClock(timeZone);
  return {
    text: (cell) => (typeof cell === 'string' ? harmless(cell) : cell),
    day: (cell) => (typeof cell === 'string' ? new Date(`${cell}T00:00:00Z`) : null),
    moment: (cell) => (typeof cell === 'number' ? clock.asUtc(cell) : null),
    integer: (cell) => cell,
    money: (cell) => (typeof cell === 'number' ? cell / unit : null),
  };
}
