import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import PDFDocument from 'pdfkit';
import { CellWriter } from './cells.ts';
import { chartHeight, drawChart, type ChartTools } from './chart.ts';
import type { Cell, CellType, ReportDocument } from './document.ts';
import { Faces } from './faces.ts';
import { planPages, type PagePlan } from './page-plan.ts';
import { accentOf, INK, LINE, MUTED, SHADE } from './palette.ts';
import { readRows, type RenderTask } from './rows.ts';
import { TextPainter } from './text.ts';

const MARGIN = 42;
const FOOTER_HEIGHT = 26;
const ROW_HEIGHT = 16;
const CELL_PADDING = 5;
const HEAD_HEIGHT = 64;
const FIGURES_HEIGHT = 64;
const CHART_GAP = 14;
/** Tables of more columns than this lie across the page. */
const MAX_UPRIGHT_COLUMNS = 6;

/** A report on A4 pages: head, figures and charts, then the table, its header on each page and its sums at the end. */
export async function renderPdf(report: ReportDocument, { rowsFile, targetFile, passed }: RenderTask): Promise<void> {
  const document = new PDFDocument({
    size: 'A4',
    layout: report.columns.length > MAX_UPRIGHT_COLUMNS ? 'landscape' : 'portrait',
    margin: 0,
    autoFirstPage: false,
    lang: 'en',
    displayTitle: true,
    info: {
      Title: `${report.title} – ${report.storeName}`,
      Author: report.storeName,
      CreationDate: new Date(report.madeAt),
    },
  });
  const output = document.pipe(createWriteStream(targetFile));
  const written = finished(output);
  // What fails while rows are still being drawn is told at the end.
  written.catch(() => undefined);
  const faces = await Faces.of(document);
  const pages = new Pages(report, document, faces);
  await pages.begin();
  for await (const row of readRows(rowsFile, passed)) {
    await pages.addRow(row);
    if (output.writableNeedDrain) await Promise.race([once(output, 'drain'), written]);
  }
  pages.end();
  document.end();
  await written;
}

/** Where things stand. All rows are equally high: so it is known from the begin how many pages there will be. */
class Pages {
  readonly #report: ReportDocument;
  readonly #document: PDFKit.PDFDocument;
  readonly #faces: Faces;
  readonly #painter: TextPainter;
  readonly #writer: CellWriter;
  readonly #accent: string;
  #page = 1;
  #pages = 1;
  #y = MARGIN;
  #rowsOfPage = 0;

  constructor(report: ReportDocument, document: PDFKit.PDFDocument, faces: Faces) {
    this.#report = report;
    this.#document = document;
    this.#faces = faces;
    this.#painter = new TextPainter(document, faces);
    this.#writer = new CellWriter(report);
    this.#accent = accentOf(report.accentColor);
  }

  /** Draws all that stands above the rows. */
  async begin(): Promise<void> {
    const { storeName, charts, title, period, rows } = this.#report;
    const labels = charts.flatMap(({ points }) => points.map(({ label }) => label));
    await this.#faces.prepare([storeName, title, period, ...labels].join(' '));
    this.#document.addPage();
    const plan = planPages({
      top: MARGIN,
      bottom: this.#bottom,
      start: MARGIN + HEAD_HEIGHT + FIGURES_HEIGHT,
      blocks: charts.map((chart) => chartHeight(chart) + CHART_GAP),
      rowHeight: ROW_HEIGHT,
      // The sums are one as well, and so is the word that there are none.
      rows: Math.max(1, rows) + 1,
    });
    this.#pages = plan.pages;
    this.#footer();
    this.#head();
    this.#figures();
    this.#charts(plan);
    if (plan.isTableApart) this.#addPage();
    this.#tableHead();
  }

  async addRow(row: readonly Cell[]): Promise<void> {
    const texts = this.#textsOf(row);
    for (const text of texts) await this.#faces.prepare(text);
    this.#demandRow();
    if (this.#rowsOfPage % 2 === 1) this.#document.rect(MARGIN, this.#y, this.#width, ROW_HEIGHT).fill(SHADE);
    this.#cells(texts, 400);
    this.#rowsOfPage += 1;
  }

  end(): void {
    if (this.#report.rows === 0) {
      this.#cells(['Nothing'], 400, MUTED);
    }
    this.#demandRow();
    this.#document.moveTo(MARGIN, this.#y).lineTo(this.#right, this.#y).lineWidth(1).stroke(INK);
    this.#cells(['Total', ...this.#textsOf(this.#report.totals).slice(1)], 700);
  }

  #textsOf(row: readonly Cell[]): string[] {
    return this.#report.columns.map(({ type }, index) => this.#writer.write(row[index] ?? null, type));
  }

  get #right(): number {
    return this.#document.page.width - MARGIN;
  }

  get #width(): number {
    return this.#document.page.width - 2 * MARGIN;
  }

  get #bottom(): number {
    return this.#document.page.height - MARGIN - FOOTER_HEIGHT;
  }

  #addPage(): void {
    this.#document.addPage();
    this.#faces.forgetWords();
    this.#page += 1;
    this.#y = MARGIN;
    this.#footer();
  }

  #head(): void {
    const { storeName, title, period } = this.#report;
    const mark = 34;
    this.#document.roundedRect(MARGIN, this.#y, mark, mark, 7).fill(this.#accent);
    const initials = { x: MARGIN, baseline: this.#y + 23, width: mark, align: 'center', size: 17 } as const;
    this.#painter.draw(initialOf(storeName), { ...initials, weight: 700, color: '#ffffff' });
    const x = MARGIN + mark + 12;
    const width = this.#width / 2 - mark;
    this.#painter.draw(storeName, { x, baseline: this.#y + 15, width, size: 14, weight: 700 });
    this.#painter.draw(`Times in ${this.#report.timeZone}, sums in ${this.#report.currency}`, {
      ...{ x, baseline: this.#y + 30, width, size: 8.5, color: MUTED, tooLong: 'shrink' },
    });
    const side = { x: MARGIN + this.#width / 2, width: this.#width / 2, align: 'right' } as const;
    this.#painter.draw(title, { ...side, baseline: this.#y + 15, size: 18, weight: 700, color: this.#accent });
    this.#painter.draw(period, { ...side, baseline: this.#y + 30, size: 9.5, color: MUTED });
    const line = this.#y + mark + 14;
    this.#document.moveTo(MARGIN, line).lineTo(this.#right, line).lineWidth(1).stroke(this.#accent);
    this.#y += HEAD_HEIGHT;
  }

  #figures(): void {
    const { figures } = this.#report;
    const gap = 12;
    const width = (this.#width - gap * (figures.length - 1)) / Math.max(1, figures.length);
    for (const [index, { label, type, value }] of figures.entries()) {
      const x = MARGIN + index * (width + gap);
      this.#document.roundedRect(x, this.#y, width, 46, 5).fill(SHADE);
      const inside = { x: x + 12, width: width - 24 };
      this.#painter.draw(label, { ...inside, baseline: this.#y + 16, size: 8.5, color: MUTED });
      this.#painter.draw(this.#writer.writeAlone(value, type), {
        ...inside,
        baseline: this.#y + 35,
        size: 15,
        weight: 700,
        tooLong: 'shrink',
      });
    }
    this.#y += FIGURES_HEIGHT;
  }

  #charts({ breaksBefore }: PagePlan): void {
    const tools: ChartTools = {
      document: this.#document,
      painter: this.#painter,
      writer: this.#writer,
      accent: this.#accent,
    };
    for (const [index, chart] of this.#report.charts.entries()) {
      if (breaksBefore.has(index)) this.#addPage();
      drawChart(chart, { x: MARGIN, y: this.#y, width: this.#width }, tools);
      this.#y += chartHeight(chart) + CHART_GAP;
    }
  }

  #demandRow(): void {
    if (this.#y + ROW_HEIGHT <= this.#bottom) return;
    this.#addPage();
    this.#tableHead();
  }

  #tableHead(): void {
    const labels = this.#report.columns.map(({ label }) => label);
    this.#cells(labels, 700, MUTED);
    this.#document.moveTo(MARGIN, this.#y).lineTo(this.#right, this.#y).lineWidth(1).stroke(this.#accent);
    this.#rowsOfPage = 0;
  }

  #cells(texts: readonly string[], weight: 400 | 700, color = INK): void {
    const { columns } = this.#report;
    const share = this.#width / columns.reduce((sum, { width }) => sum + width, 0);
    let x = MARGIN;
    for (const [index, { type, width }] of columns.entries()) {
      const [align, tooLong] = isNumber(type) ? (['right', 'shrink'] as const) : (['left', 'cut'] as const);
      const inside = { x: x + CELL_PADDING, width: width * share - 2 * CELL_PADDING };
      const baseline = this.#y + 11;
      this.#painter.draw(texts[index] ?? '', { ...inside, baseline, align, tooLong, size: 8.5, weight, color });
      x += width * share;
    }
    this.#y += ROW_HEIGHT;
  }

  #footer(): void {
    const { title, period, storeName, madeAt } = this.#report;
    const top = this.#document.page.height - MARGIN - 12;
    this.#document.moveTo(MARGIN, top).lineTo(this.#right, top).lineWidth(0.5).stroke(LINE);
    const box = { x: MARGIN, width: this.#width, baseline: top + 13, size: 8, color: MUTED };
    this.#painter.draw(`${title}, ${period} · ${storeName}`, { ...box, width: this.#width * 0.52 });
    const middle = { ...box, x: MARGIN + this.#width * 0.55, width: this.#width * 0.25 };
    this.#painter.draw(`Made on ${this.#writer.write(madeAt, 'moment')}`, middle);
    this.#painter.draw(`Page ${String(this.#page)} of ${String(this.#pages)}`, { ...box, align: 'right' });
  }
}

const isNumber = (type: CellType): boolean => type === 'integer' || type === 'money';

const initialOf = (name: string): string => (Array.from(name.trim())[0] ?? '').toLocaleUpperCase('en');
