import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import PDFDocument from 'pdfkit';
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
function draw(text: string, box: Partial<TextBox>): Drawn[] {
  const drawn: Drawn[] = [];
  const put = jest.spyOn(document, 'text').mockImplementation((line, x) => {
    drawn.push({ text: line, x: Number(x), width: document.widthOfString(line) });
    return document;
  });
  painter.draw(text, { x: 10, baseline: 20, width: 60, size: 10, ...box });
  put.mockRestore();
  return drawn;
}

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
