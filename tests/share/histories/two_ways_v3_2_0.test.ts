import { testTwoWayHistories } from '../oracle/property.ts';

testTwoWayHistories('v3.2.0', { byDefault: false });
