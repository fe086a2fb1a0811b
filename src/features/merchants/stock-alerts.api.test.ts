import { expect, test } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { withDatabase } from '../../../tests/environment/index.ts';
import { traced } from '../../../tests/traced.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { callbackEndpoints } from '../../platform/http/callbacks.ts';
import { problemHandler } from '../../platform/http/problem-handler.ts';
import { Cursors } from '../../platform/security/cursors.ts';
import { LinkTokens } from '../../platform/security/links.ts';
import { Id, newId } from '../../shared/ids.ts';
import type { MerchantRole } from '../identity/index.ts';
import { memberships } from './membership.model.ts';
import { MembershipReads } from './membership.reads.ts';
import { MembershipStore } from './membership.store.ts';
import { stockAlertCallback } from './stock-alert.pages.ts';
import { StockAlerts } from './stock-alerts.ts';

const database = withDatabase({ collections: [memberships] });
const PUBLIC_URL = 'https://shop.example';

function alertsOf() {
  const store = new MembershipStore(memberships.on(database.primary));
  const alerts = new StockAlerts({
    memberships: new MembershipReads(memberships.on(database.primary), new Cursors('secret of the tests, long enough')),
    store,
    users: {
      findCards: (ids) =>
        Promise.resolve(
          new Map(
            ids.map((_id) => [Id.encode(_id), { _id, name: 'Ada', email: `${Id.encode(_id)}@a.test`, locale: null }]),
          ),
        ),
    },
    links: new LinkTokens({ secret: 'secret of the tests, which is long enough' }),
    publicUrl: PUBLIC_URL,
  });
  const app = express();
  app.use('/callbacks', callbackEndpoints([stockAlertCallback(alerts)], PUBLIC_URL));
  app.use(problemHandler(() => undefined));
  return { alerts, store, app: traced(app) };
}

test('owners and managers hear of low stock until they follow the link; opening it changes nothing, and it can be undone', async () => {
  const { alerts, store, app } = alertsOf();
  const merchantId = newId();
  for (const role of ['owner', 'manager', 'staff'] as MerchantRole[]) {
    const member = { _id: newId(), merchantId, userId: newId(), role, joinedAt: new Date() };
    await store.insert(member, asSystem('test'));
  }
  const [owner, manager, ...others] = await alerts.findAlerted(merchantId);
  expect(others).toEqual([]);
  const path = (owner?.unsubscribeUrl ?? '').slice(PUBLIC_URL.length);

  const page = await request(app).get(path).set('Accept-Language', 'de-AT,en;q=0.5').expect(200);
  expect(page.text).toContain('Keine mehr senden');
  expect(await alerts.findAlerted(merchantId)).toHaveLength(2);

  // As mail programs ask by themselves, RFC 8058.
  await request(app).post(path).type('form').send({ 'List-Unsubscribe': 'One-Click' }).expect(200);
  expect((await alerts.findAlerted(merchantId)).map(({ email }) => email)).toEqual([manager?.email]);

  await request(app).post(path).type('form').send({ wanted: 'yes' }).expect(200);
  expect(await alerts.findAlerted(merchantId)).toHaveLength(2);
});

test('a link that was not made here is refused', async () => {
  const { app } = alertsOf();
  await request(app).post('/callbacks/stock-alerts?token=AAAA').type('form').send({}).expect(422);
});
