import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Excel from 'exceljs';
import fc from 'fast-check';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Digest } from '../digest.ts';
import { reportKind } from '../kinds/kind.ts';
import { harmless, plainAmount } from './cells.ts';
import type { ReportDocument } from './document.ts';
import { planPages } from './page-plan.ts';
import { render } from './render.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'render-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Row {
  readonly name: string;
  readonly amount: number;
}

const kind = reportKind<Row>({
  title: 'Tests',
  tells: 'period',
  columns: [
    { key: 'name', label: 'Name', type: 'text', width: 3, of: ({ name }) => name },
    { key: 'amount', label: 'Amount', type: 'money', width: 2, isSummed: true, of: ({ amount }) => amount },
  ],
  read: () => {
    throw new Error('not here');
  },
  figures: [{ label: 'Sum', type: 'money', of: ({ amount = 0 }) => amount }],
  charts: [
    { title: 'By name', shape: 'ranking', type: 'money', of: ({ name, amount }) => ({ label: name, value: amount }) },
  ],
});

async function make(format: 'csv' | 'pdf' | 'xlsx', rows: readonly Row[], storeName = '=Store'): Promise<Buffer> {
  const digest = new Digest(kind, { from: '2026-03-01', until: '2026-03-08' });
  const [rowsFile, targetFile] = [join(directory, 'rows'), join(directory, `file.${format}`)];
  await writeFile(rowsFile, rows.map((row) => `${JSON.stringify(digest.add(row))}\n`).join(''));
  const document: ReportDocument = {
    title: kind.title,
    period: 'March',
    storeName,
    accentColor: null,
    currency: 'EUR',
    timeZone: 'UTC',
    madeAt: 0,
    columns: kind.columns.map(({ label, type, width }) => ({ label, type, width })),
    rows: digest.rows,
    totals: digest.totalCells,
    figures: digest.figures,
    charts: digest.charts,
  };
  await render({ document, format, rowsFile, targetFile }, () => undefined, new AbortController().signal);
  return readFile(targetFile);
}

async function workbookOf(file: Buffer): Promise<Excel.Workbook> {
  const workbook = new Excel.Workbook();
  await workbook.xlsx.load(file as unknown as Parameters<typeof workbook.xlsx.load>[0]);
  return workbook;
}

test('columns of a workbook are wide enough for their headers and their sums, which would be shown as ####', async () => {
  const amount = 1_234_567_890_123_456;
  const [sheet] = (await workbookOf(await make('xlsx', [{ name: 'Mug', amount }]))).worksheets;
  expect(sheet?.getColumn(2).width).toBeGreaterThan('12,345,678,901,234.56'.length);
  const [narrow] = (await workbookOf(await make('xlsx', []))).worksheets;
  expect(narrow?.getColumn(2).width).toBeGreaterThan('Amount (EUR)'.length);
  expect(narrow?.getColumn(2).width).toBeLessThan(20);
});

const HOSTILE = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'];

test('I10: cells of CSV and XLSX that begin as a formula are neutralised, and negative numbers stay numbers', async () => {
  const rows = HOSTILE.map((name) => ({ name, amount: -150 }));
  const csv = (await make('csv', rows)).toString();
  for (const name of HOSTILE) expect(csv).toContain(`'${name}`);
  expect(csv.match(/,-1\.50\r\n/g)).toHaveLength(HOSTILE.length);

  const workbook = await workbookOf(await make('xlsx', rows));
  const texts: string[] = [];
  const numbers: number[] = [];
  workbook.worksheets[0]?.eachRow((row) => {
    row.eachCell(({ value, formula }) => {
      expect(formula).toBeUndefined();
      if (typeof value === 'string') texts.push(value);
      if (typeof value === 'number') numbers.push(value);
    });
  });
  expect(texts.filter((text) => /^[=+\-@\t\r＝]/.test(text))).toEqual([]);
  expect(texts).toContain("'=Store");
  expect(numbers).toEqual([...rows.map(() => -1.5), -1.5 * rows.length]);
});

test('texts with what some take for the end of a line are in every format as they are', async () => {
  const names = ['Eve\u2028Miller', 'Mug\u2029blue', 'Tea\u0085green', 'two\nlines'];
  const rows = names.map((name) => ({ name, amount: 1 }));
  const csv = (await make('csv', rows)).toString();
  for (const name of names) expect(csv).toContain(name);
  const [sheet] = (await workbookOf(await make('xlsx', rows))).worksheets;
  expect(names.map((_, index) => sheet?.getCell(6 + index, 1).value)).toEqual(names);
  const pdf = (await make('pdf', rows)).toString('latin1');
  expect(pdf.endsWith('%%EOF\n')).toBe(true);
});

test('what XML cannot hold is replaced in a workbook, so that all of it can be parsed, and the rest is as it was', async () => {
  const names = ['a\uffffb', '\ufffe=1', 'a\u0000b', '\u000b=1', 'a\ud800b', '\udc00', 'a\tb\u0085 <&\u{1f600}>'];
  const file = await make(
    'xlsx',
    names.map((name) => ({ name, amount: 1 })),
    'St\uffffore \ud83d',
  );
  // Reading it back parses both its sheet and its properties.
  const workbook = await workbookOf(file);
  const [sheet] = workbook.worksheets;
  expect(names.map((_, index) => sheet?.getCell(6 + index, 1).value)).toEqual([
    ...['a\ufffdb', '\ufffd=1', 'a\ufffdb', '\ufffd=1', 'a\ufffdb', '\ufffd', 'a\tb\u0085 <&\u{1f600}>'],
  ]);
  expect([workbook.creator, sheet?.getCell('A1').value]).toEqual(['St\ufffdore \ufffd', 'St\ufffdore \ufffd']);
});

test('the filter of a workbook leaves its sums alone, and its head says whose clock it goes by', async () => {
  const rows = [1, 2, 3].map((amount) => ({ name: 'a', amount }));
  const [sheet] = (await workbookOf(await make('xlsx', rows))).worksheets;
  expect(sheet?.autoFilter).toBe('A5:B8');
  expect(sheet?.getCell('A4').value).toBe('Times in UTC, sums in EUR');
  expect(sheet?.getCell('A9').value).toBe('Total');
});

test('a timeline says for what its points stand, and begins with the first day that is told of', () => {
  const sold = reportKind<{ readonly day: string }>({
    ...{ title: 'Sold', tells: 'period', columns: [], figures: [] },
    read: () => {
      throw new Error('not here');
    },
    charts: [{ title: 'Sold', shape: 'timeline', type: 'integer', of: ({ day }) => ({ day, value: 1 }) }],
  });
  const chartOf = (from: string, until: string) => {
    const digest = new Digest(sold, { from, until });
    digest.add({ day: from });
    const [chart] = digest.charts;
    return [chart?.title, chart?.points.length, chart?.points[0]];
  };
  expect(chartOf('2026-03-01', '2026-03-08')).toEqual(['Sold by day', 7, { label: '1 Mar', value: 1 }]);
  // A Sunday: its week began in February.
  expect(chartOf('2026-03-01', '2026-07-01')).toEqual(['Sold by week', 19, { label: '1 Mar', value: 1 }]);
});

test('sums of a report are those of its rows, whatever they are', () => {
  const row = fc.record({ name: fc.string(), amount: fc.integer({ min: -1e9, max: 1e9 }) });
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const digest = new Digest(kind, { from: '2026-03-01', until: '2026-03-08' });
      const cells = rows.map((each) => digest.add(each));
      const sum = rows.reduce((total, { amount }) => total + amount, 0);
      expect(digest.totals.amount).toBe(sum);
      expect(digest.totalCells).toEqual([null, sum]);
      expect(cells.reduce((total, [, amount]) => total + Number(amount), 0)).toBe(sum);
      expect(digest.figures[0]?.value).toBe(sum);
    }),
  );
});

test('amounts are written exactly, with the decimals of their currency', () => {
  expect([plainAmount(-150, 2), plainAmount(5, 2), plainAmount(1_234, 0), plainAmount(1, 3)]).toEqual([
    '-1.50',
    '0.05',
    '1234',
    '0.001',
  ]);
  expect(plainAmount(Number.MAX_SAFE_INTEGER, 2)).toBe('90071992547409.91');
  expect(harmless('a=1')).toBe('a=1');
});

test('a PDF holds as many pages as it says on each, in any script and with no rows at all', async () => {
  const names = ['Ada', 'مقهى الميناء (Ltd)', 'חנות', '山田茶館', '김철수', '☕ 😀', 'ร้านกาแฟ', ''];
  for (const count of [0, 1, 30, 200]) {
    const rows = Array.from({ length: count }, (_, index) => ({
      name: names[index % names.length] ?? '',
      amount: index,
    }));
    const pdf = (await make('pdf', rows)).toString('latin1');
    expect(pdf.endsWith('%%EOF\n')).toBe(true);
    const pages = Number(/\/Type \/Pages\n\/Count (\d+)/.exec(pdf)?.[1]);
    const blocks = count <= 1 ? [51] : [20 + Math.min(names.length, 10) * 17 + 6 + 14];
    const plan = planPages({
      top: 42,
      bottom: 773.89,
      start: 170,
      blocks,
      rowHeight: 16,
      rows: Math.max(1, count) + 1,
    });
    expect([count, pages]).toEqual([count, plan.pages]);
  }
});

test('pages are planned so that blocks stay whole and a header never stands alone', () => {
  const page = { top: 0, bottom: 100, start: 0, rowHeight: 10 };
  expect(planPages({ ...page, blocks: [], rows: 9 }).pages).toBe(1);
  expect(planPages({ ...page, blocks: [], rows: 10 }).pages).toBe(2);
  expect(planPages({ ...page, blocks: [60, 60], rows: 1 })).toMatchObject({ breaksBefore: new Set([1]), pages: 2 });
  expect(planPages({ ...page, blocks: [80], rows: 3 })).toMatchObject({ isTableApart: true, pages: 2 });
});

test('a thread is ended when its report is not wanted any more', async () => {
  const abort = new AbortController();
  await writeFile(join(directory, 'rows'), '["a",1]\n'.repeat(200_000));
  const digest = new Digest(kind, { from: '2026-03-01', until: '2026-03-08' });
  const document = {
    title: 'T',
    period: '',
    storeName: 'S',
    accentColor: null,
    currency: 'EUR',
    timeZone: 'UTC',
    madeAt: 0,
  };
  const columns = kind.columns.map(({ label, type, width }) => ({ label, type, width }));
  const rest = { columns, rows: 200_000, totals: digest.totalCells, figures: [], charts: [] };
  const order = {
    format: 'pdf',
    rowsFile: join(directory, 'rows'),
    targetFile: join(directory, 'aborted.pdf'),
  } as const;
  const reason = new Error('not wanted');
  const made = render(
    { ...order, document: { ...document, ...rest } },
    () => {
      abort.abort(reason);
    },
    abort.signal,
  );
  await expect(made).rejects.toBe(reason);
});
