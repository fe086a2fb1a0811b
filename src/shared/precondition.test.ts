import { expect, test } from '@jest/globals';
import { demandVersion, etagOf } from './precondition.ts';

test.each([undefined, '*', etagOf(3), `W/${etagOf(3)}`, `"v1", ${etagOf(3)}`])(
  'If-Match %s lets version 3 be edited',
  (ifMatch) => {
    expect(() => {
      demandVersion({ ifMatch }, 3);
    }).not.toThrow();
  },
);

test.each(['"v2"', '"other"', ''])('If-Match %j refuses an edit of version 3', (ifMatch) => {
  expect(() => {
    demandVersion({ ifMatch }, 3);
  }).toThrow('version 3');
});
