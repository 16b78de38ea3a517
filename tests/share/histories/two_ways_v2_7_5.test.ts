import { testTwoWayHistories } from '../oracle/property.ts';

testTwoWayHistories('v2.7.5', { byDefault: true });
