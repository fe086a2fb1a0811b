import { setFlagsFromString } from 'node:v8';

/*
 * For a process that answers, where no answer should wait for the collector. To be imported before anything else.
 * docs/performance.md has what that is worth.
 *
 * V8 marks with four threads beside the one that answers. On a core that all of them share, which is all that one of several
 * API processes has, four fifths of it go to them for a tenth of a second. In small steps between the answers none of these notices.
 */
setFlagsFromString('--no-concurrent-marking');
/*
 * The whole heap is collected once it has doubled. By V8's own measure one that answers a few hundred requests a second is idle
 * enough to be collected for every 10 MB that it grows by: once a second.
 */
setFlagsFromString('--heap-growing-percent=100');
