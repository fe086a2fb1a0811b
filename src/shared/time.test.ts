import { expect, test } from '@jest/globals';
import { TimeZone } from './time.ts';

test.each(['Europe/Berlin', 'America/New_York', 'UTC'])('the time zone %s is accepted', (zone) => {
  expect(TimeZone.parse(zone)).toBe(zone);
});

test.each(['Mars/Olympus', '', 'Europe/Berlin; DROP'])('%j is no time zone and is refused', (zone) => {
  expect(TimeZone.safeParse(zone).success).toBe(false);
});
