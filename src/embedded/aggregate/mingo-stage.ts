import { Aggregator } from 'mingo';
import type { Document } from '../bson/codec.ts';
import { context as mingoContext, mongoErrors, refuseUserCode } from '../query/context.ts';
import type { CompileStage } from './stage.ts';

/** A stage that mingo runs, over all documents at once. */
export function mingoStage(name: string): CompileStage {
  return (argument, { variables, collation }) => {
    refuseUserCode(argument);
    const aggregator = new Aggregator([{ [name]: argument }], {
      context: mingoContext,
      variables,
      scriptEnabled: true,
      ...(collation && { collation: collation.spec as never }),
    });
    return () => {
      const documents: Document[] = [];
      return {
        add: (document) => {
          documents.push(document);
        },
        finish: () => mongoErrors(() => aggregator.run<Document>(documents)),
      };
    };
  };
}
