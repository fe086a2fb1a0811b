// Run by mongosh: makes the three members one replica set unless they are, and waits for a primary.
/* global db, rs, sleep, print */
const members = ['mongo-1', 'mongo-2', 'mongo-3'].map((host, _id) => ({ _id, host: `${host}:27017` }));
const NOT_YET_INITIALIZED = 94;

try {
  rs.status();
} catch (error) {
  if (error.code !== NOT_YET_INITIALIZED) throw error;
  rs.initiate({ _id: 'rs0', members });
}
while (!rs.status().members.some(({ stateStr }) => stateStr === 'PRIMARY')) sleep(500);
print('The replica set has a primary');
