import { describe, expect, test } from '@jest/globals';
import { Schema } from 'mongoose';
import type { MongoServerError } from 'mongodb';
import { failure, withMongoose } from './mongoose-bench.ts';

const bench = withMongoose();

const accounts = async () => {
  const schema = new Schema<{ owner: string; balance: number }>({
    owner: { type: String, unique: true },
    balance: { type: Number, default: 0 },
  });
  const Model = bench.connection.model('Account', schema);
  await Model.init();
  return Model;
};

describe('transactions through Mongoose', () => {
  test('what is written is seen inside at once, and outside after the commit', async () => {
    const Account = await accounts();
    const session = await bench.connection.startSession();
    session.startTransaction();
    await Account.create([{ owner: 'Ada' }], { session });
    expect([await Account.countDocuments().session(session), await Account.countDocuments()]).toEqual([1, 0]);
    await session.commitTransaction();
    expect(await Account.countDocuments()).toBe(1);
    await session.endSession();
  });

  test('connection.transaction takes everything back when its function throws', async () => {
    const Account = await accounts();
    await Account.create({ owner: 'Ada', balance: 1 });
    const run = bench.connection.transaction(async (session) => {
      await Account.updateMany({}, { $inc: { balance: 5 } }, { session });
      await Account.deleteOne({ owner: 'Ada' }, { session });
      throw new Error('no');
    });
    expect(await failure(run)).toMatchObject({ message: 'no' });
    expect(await Account.findOne().lean()).toMatchObject({ owner: 'Ada', balance: 1 });
  });
});

describe('transactions that meet', () => {
  test('the second of two writers is told at once, with the label that makes it retry', async () => {
    const Account = await accounts();
    await Account.create({ owner: 'Ada' });
    const [first, second] = [await bench.connection.startSession(), await bench.connection.startSession()];
    first.startTransaction();
    second.startTransaction();
    await Account.updateOne({}, { balance: 1 }, { session: first });
    const error = await failure<MongoServerError>(Account.updateOne({}, { balance: 2 }, { session: second }));
    expect(error).toMatchObject({ code: 112, errorLabels: ['TransientTransactionError'] });
    await first.commitTransaction();
    await second.abortTransaction();
    await Promise.all([first.endSession(), second.endSession()]);
  });

  test('twenty transactions on one document all take place', async () => {
    const Account = await accounts();
    const { _id } = await Account.create({ owner: 'Ada' });
    const deposit = () =>
      bench.connection.transaction(async (session) => {
        const account = await Account.findById(_id).session(session).orFail();
        account.balance += 1;
        await account.save({ session });
      });
    await Promise.all(Array.from({ length: 20 }, deposit));
    expect((await Account.findById(_id))?.balance).toBe(20);
  });
});

describe('what happens inside', () => {
  test('an error ends the transaction', async () => {
    const Account = await accounts();
    await Account.create({ owner: 'Ada' });
    const session = await bench.connection.startSession();
    session.startTransaction();
    expect(await failure(Account.create([{ owner: 'Ada' }], { session }))).toMatchObject({ code: 11000 });
    expect(await failure(Account.findOne().session(session))).toMatchObject({ code: 251 });
    await session.abortTransaction();
    await session.endSession();
  });

  test('a collection may be made', async () => {
    const schema = new Schema<{ n: number }>({ n: Number }, { autoCreate: false, autoIndex: false });
    const Model = bench.connection.model('Fresh', schema);
    await bench.connection.transaction(async (session) => {
      await Model.createCollection({ session });
      await Model.create([{ n: 1 }], { session });
    });
    expect(await Model.countDocuments()).toBe(1);
  });
});
