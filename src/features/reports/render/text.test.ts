import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import PDFDocument from 'pdfkit';
import { CellWriter } from './cells.ts';
import { drawChart } from './chart.ts';
import { Faces } from './faces.ts';
import { TextPainter, type TextBox } from './text.ts';

let document: PDFKit.PDFDocument;
let faces: Faces;
let painter: TextPainter;
beforeAll(async () => {
  document = new PDFDocument();
  faces = await Faces.of(document);
  painter = new TextPainter(document, faces);
});
afterAll(() => {
  document.end();
});

interface Drawn {
  readonly text: string;
  readonly x: number;
  readonly width: number;
}

/** What is put on the page, and how wide it is there. */
function drawnBy(work: () => void): Drawn[] {
  const drawn: Drawn[] = [];
  const put = jest.spyOn(document, 'text').mockImplementation((line, x) => {
    drawn.push({ text: line, x: Number(x), width: document.widthOfString(line) });
    return document;
  });
  work();
  put.mockRestore();
  return drawn;
}

const draw = (text: string, box: Partial<TextBox>): Drawn[] =>
  drawnBy(() => {
    painter.draw(text, { x: 10, baseline: 20, width: 60, size: 10, ...box });
  });

test('a number that is too long for its place is drawn smaller and whole, where a word is cut', () => {
  const [number] = draw('5,934,838,565,004', { align: 'right', tooLong: 'shrink' });
  expect(number?.text).toBe('5,934,838,565,004');
  expect(number?.width).toBeLessThanOrEqual(60);
  expect((number?.x ?? 0) + (number?.width ?? 0)).toBeCloseTo(70);
  const [word] = draw('Wolfeschlegelsteinhausen', {});
  expect(word?.text).toMatch(/^Wolfes\w*…$/);
  expect(word?.width).toBeLessThanOrEqual(60);
  expect(draw('1,234', { tooLong: 'shrink' })[0]?.width).toBe(document.fontSize(10).widthOfString('1,234'));
});

test('how a word is laid out is remembered until it is to be forgotten, whatever the word', () => {
  document.font(faces.plain(400).id);
  const { _font: font } = document as unknown as { readonly _font: { layoutRun(text: string): unknown } };
  const laidOut = jest.spyOn(font, 'layoutRun');
  const measure = () => painter.measure('constructor', { size: 10 });
  const width = measure();
  expect([measure(), laidOut.mock.calls.length]).toEqual([width, 1]);
  faces.forgetWords();
  expect([measure(), laidOut.mock.calls.length]).toEqual([width, 2]);
  laidOut.mockRestore();
});

/** A whole line, run by run from left to right. */
async function lineOf(text: string): Promise<string[]> {
  await faces.prepare(text);
  return draw(text, { width: 500 }).map(({ text: run }) => run);
}

test('numbers and brackets beside right-to-left words stand where UAX 9 has them, and so does what follows', async () => {
  // Arabic and Hebrew letters are turned by their fonts.
  expect(await lineOf('Mix عربي 123 in one')).toEqual(['Mix ', '123', 'عربي ', ' in one']);
  expect(await lineOf('כחולה (מידה L) 50% הנחה')).toEqual(['הנחה', ' ', '50%', ' (', 'L', 'מידה ', ')', 'כחולה ']);
  expect(await lineOf('كبير) – قطن')).toEqual(['قطن', ' – (', 'كبير']);
});

test('a line break in a name is drawn as a blank, a keycap as its digit, and a Persian non-joiner parts its letters', async () => {
  expect(await lineOf('Line\r\nbreak\tand 1\ufe0f\u20e3')).toEqual(['Line break and 1']);
  expect(await lineOf('می\u200cخواهم')).toEqual(['می\u200cخواهم']);
  expect(await lineOf('a\u200cb')).toEqual(['ab']);
});

test('the numbers beside a chart are whole however long, and no two of its axis are the same however small', () => {
  const tools = { document, painter, writer: new CellWriter({ currency: 'EUR', timeZone: 'UTC' }), accent: '#2563eb' };
  const place = { x: 0, y: 0, width: 500 };
  const texts = (shape: 'ranking' | 'timeline', value: number) =>
    drawnBy(() => {
      drawChart({ title: '', shape, type: 'money', points: [{ label: '', value }] }, place, tools);
    }).map(({ text }) => text);
  expect(texts('ranking', 1_234_567_890_123_456)).toContain('12,345,678,901,234.56');
  const rectangle = jest.spyOn(document, 'rect');
  expect(texts('timeline', 16)).toEqual(expect.arrayContaining(['0', '0.05', '0.1', '0.15']));
  // Of the one day there is a column, no wall.
  expect(rectangle.mock.calls.map(([, , width]) => width)).toEqual([48]);
  rectangle.mockRestore();
});
