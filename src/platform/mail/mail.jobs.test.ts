import { expect, jest, test } from '@jest/globals';
import { newId } from '../../shared/ids.ts';
import { DatabaseAway } from '../database/failures.ts';
import { PermanentFailure } from '../queue/job.ts';
import { mailJobs, type MailJobDeps } from './mail.jobs.ts';
import type { StoredMail } from './mail.store.ts';

const MAIL: StoredMail = {
  _id: newId(),
  scope: { kind: 'public' },
  to: 'ann@example.test',
  subject: 'Hello',
  body: 'Hello',
  html: null,
  unsubscribeUrl: null,
  requestedAt: new Date('2026-03-01T10:00:00Z'),
  sentAt: null,
};

/** The job of one mail, with effects as they are kept: done once the act is. */
function jobOf(mail: StoredMail | undefined) {
  const done = new Set<string>();
  const effects: MailJobDeps['effects'] = {
    async once(effectId, _holdMs, act) {
      if (done.has(effectId)) return false;
      await act();
      done.add(effectId);
      return true;
    },
  };
  const send = jest.fn<MailJobDeps['transport']['send']>().mockResolvedValue();
  const markSent = jest.fn<MailJobDeps['mails']['markSent']>().mockResolvedValue();
  const mails = { find: () => Promise.resolve(mail), markSent };
  const [handler] = mailJobs({ mails, transport: { send }, effects });
  const attempt = async () => handler?.handle({ mailId: MAIL._id }, AbortSignal.timeout(5_000));
  return { send, markSent, attempt };
}

test('a mail that was taken is not sent again when noting that on it fails: the next attempt only notes it', async () => {
  const { send, markSent, attempt } = jobOf(MAIL);
  markSent.mockRejectedValueOnce(new DatabaseAway());
  await expect(attempt()).rejects.toThrow(DatabaseAway);
  await attempt();
  expect(send).toHaveBeenCalledTimes(1);
  expect(markSent).toHaveBeenCalledTimes(2);
});

test('a mail that is kept no more has failed for good, rather than being done; one that was sent is done', async () => {
  await expect(jobOf(undefined).attempt()).rejects.toThrow(PermanentFailure);
  const sent = jobOf({ ...MAIL, sentAt: MAIL.requestedAt, body: null });
  await sent.attempt();
  expect(sent.send).not.toHaveBeenCalled();
});
