"""Every function of the index in expression-language §8.8: what it yields, of null, and of a wrong argument."""

import contextlib
import re
from dataclasses import replace
from typing import Any, NamedTuple

import orjson
import pytest

from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid
from parcours.expressions.evaluator import Evaluator, describe_error
from parcours.expressions.functions import Function
from parcours.expressions.json_context import JsonContext
from parcours.expressions.library import JOURNEY

INDEX = """
inAudience, inSegment · avg, count, countOnlyNull, countWithNull, distinctCount, distinctCountWithNull, max, min, sum ·
toBool, toDateOnly, toDateTime, toDateTimeOnly, toDecimal, toDuration, toInteger, toString · currentTimeInMillis,
inLastDays, inLastHours, inLastMonths, inLastYears, inNextDays, inNextHours, inNextMonths, inNextYears, now,
nowWithDelta, setDays, setHours, updateTimeZone · distinct, distinctWithNull, filter, getListItem, in, intersect, limit,
list, listSize, serializeList, sort · random, round · concat, contain, containIgnoreCase, endWith, endWithIgnoreCase,
equalIgnoreCase, indexOf, isEmpty, isNotEmpty, lastIndexOf, length, lower, matchRegExp, notEqualIgnoreCase, replace,
replaceAll, split, startWith, startWithIgnoreCase, substr, trim, upper, uuid
"""
"""As the specification lists them."""

CONTEXT = {
    "now": "2019-06-03T06:30:00Z",
    "events": {
        "E": {
            "l": [{"k": "b", "n": 2}, {"k": "a", "n": 1}, {"k": "b", "n": 3}, None, {"n": 9}, {"k": "b", "n": 2}],
            "i": 3,
            "d": 2.5,
            "s": "text",
            "at": "2019-06-03T05:30:00Z",
            "day": "2023-08-18",
        }
    },
    "audiences": {"VIP": "realized", "Loyal": "existing", "Lost": "exited"},
    "types": {
        "events.E.at": "dateTime",
        "events.E.day": "dateOnly",
        "events.E.text": "string",
        "events.E.list": "listInteger",
        "events.E.objects": "listObject",
    },
}

TABLE = r"""
# expression → value type, or ! and the code of the error. E.none has no type and no value, E.text and E.list no value.

inAudience("VIP") → true boolean
inAudience("Loyal") → true boolean
inAudience("Lost") → false boolean
inAudience("Nobody's") → false boolean
inAudience(null) → ! type
inAudience(@event{E.s}) → ! type
inAudience("V" + "IP") → ! type
inAudience(3) → ! type
inSegment("VIP") → true boolean
inSegment("Loyal") → true boolean
inSegment("Lost") → false boolean
inSegment(null) → ! type
inSegment() → ! type

avg([10, 3, 8]) → 7.0 decimal
avg(10.2, 3) → 6.6 decimal
avg(3, 10.2) → 6.6 decimal
avg(1, 2) → 1.5 decimal
avg(1.0, 2.0) → 1.5 decimal
avg([1.5, null, 2.5]) → 2.0 decimal
avg([]) → null decimal
avg([null]) → null decimal
avg(@event{E.none}) → null decimal
avg(1, null) → 1.0 decimal
avg(null, 2.5) → 2.5 decimal
avg(@event{E.none}, 3) → 3.0 decimal
avg(null, null) → null decimal
avg(['a']) → ! type
avg('a', 1) → ! type
count([10, 2, 10, null]) → 3 integer
count(@event{E.l}) → 5 integer
count(@event{E.l.k}) → 4 integer
count(null) → 0 integer
count(@event{E.list}) → 0 integer
count(@event{E.objects}) → 0 integer
count(1) → ! type
countOnlyNull([10, 2, 10, null]) → 1 integer
countOnlyNull(@event{E.l.k}) → 2 integer
countOnlyNull(@event{E.list}) → 0 integer
countOnlyNull(null) → 0 integer
countOnlyNull(@event{E.l}) → ! type
countWithNull([10, 2, 10, null]) → 4 integer
countWithNull(@event{E.list}) → 0 integer
countWithNull([]) → 0 integer
countWithNull(null) → 0 integer
countWithNull(@event{E.l}) → ! type
distinctCount([10, 2, 10, null]) → 2 integer
distinctCount(@event{E.l}) → 4 integer
distinctCount(@event{E.l}, 'k') → 3 integer
distinctCount(null) → 0 integer
distinctCount(@event{E.list}) → 0 integer
distinctCount(1) → ! type
distinctCount([1, 2], 'k') → ! type
distinctCountWithNull([10, 2, 10, null]) → 3 integer
distinctCountWithNull([null, null]) → 1 integer
distinctCountWithNull(null) → 0 integer
distinctCountWithNull(@event{E.l}) → ! type
max([10, null, 8]) → 10 integer
max([1, 2.5]) → 2.5 decimal
max([toDuration('PT1H'), toDuration('PT2H')]) → "PT2H" duration
max([toDateTime('2019-06-03T08:30:00+02:00'), toDateTime('2019-06-03T07:00:00Z')]) → "2019-06-03T07:00Z" dateTime
max([toDateTimeOnly('2019-06-03'), toDateTimeOnly('2019-06-04')]) → "2019-06-04T00:00" dateTimeOnly
max([toDateOnly('2019-06-03'), toDateOnly('2019-06-04')]) → "2019-06-04" dateOnly
max(1, 2) → 2 integer
max(3, 2.5) → 3.0 decimal
max(2.5, 3.5) → 3.5 decimal
max(toDuration(1), toDuration(2)) → "PT0.002S" duration
max(now(), @event{E.at}) → "2019-06-03T06:30Z" dateTime
max(toDateTimeOnly('2019-06-03'), toDateTimeOnly('2019-06-04')) → "2019-06-04T00:00" dateTimeOnly
max(2.5, 3) → 3.0 decimal
max([null]) → null null
max(@event{E.list}) → null integer
max(null, 3.5) → 3.5 decimal
max(2.5, @event{E.none}) → 2.5 decimal
max(@event{E.none}, 5) → 5 integer
max(null, now()) → "2019-06-03T06:30Z" dateTime
max(null, null) → null null
max(['a']) → ! type
max('a', 'b') → ! type
max(toDateOnly('2019-06-03'), toDateOnly('2019-06-04')) → ! type
min([10, null, 8]) → 8 integer
min([2.5, 1]) → 1.0 decimal
min(1, 2) → 1 integer
min(3, 2.5) → 2.5 decimal
min(toDuration(1), toDuration(2)) → "PT0.001S" duration
min([toDateOnly('2019-06-03'), toDateOnly('2019-06-04')]) → "2019-06-03" dateOnly
min(2.5, 3) → 2.5 decimal
min(2.5, 3.5) → 2.5 decimal
min(now(), @event{E.at}) → "2019-06-03T05:30Z" dateTime
min(toDateTimeOnly('2019-06-03'), toDateTimeOnly('2019-06-04')) → "2019-06-03T00:00" dateTimeOnly
min([toDuration('PT1H'), toDuration('PT2H')]) → "PT1H" duration
min([now(), @event{E.at}]) → "2019-06-03T05:30Z" dateTime
min([toDateTimeOnly('2019-06-03'), null]) → "2019-06-03T00:00" dateTimeOnly
min(@event{E.list}) → null integer
min([]) → null null
min(true, false) → ! type
sum([10, 3, 8]) → 21 integer
sum([10.5, null, 8.1]) → 18.6 decimal
sum(1, 2) → 3 integer
sum(1.5, 2.5) → 4.0 decimal
sum([]) → 0 integer
sum(@event{E.list}) → 0 integer
sum(null, 1) → 1 integer
sum(1.5, @event{E.none}) → 1.5 decimal
sum(null, null) → 0 integer
sum(1, 2.5) → ! type
sum(['a']) → ! type
sum([9223372036854775807, 1]) → ! runtime

toBool("true") → true boolean
toBool("TRUE") → false boolean
toBool("1") → false boolean
toBool("yes") → false boolean
toBool(2) → true boolean
toBool(0) → false boolean
toBool(0.0) → false boolean
toBool(0.1) → true boolean
toBool(true) → true boolean
toBool(null) → false boolean
toBool(@event{E.text}) → false boolean
toBool(now()) → ! type
toInteger("4") → 4 integer
toInteger("-12") → -12 integer
toInteger("4.5") → null integer
toInteger("four") → null integer
toInteger("") → null integer
toInteger("9223372036854775808") → null integer
toInteger(1.5) → 1 integer
toInteger(-1.5) → -1 integer
toInteger(7) → 7 integer
toInteger(true) → 1 integer
toInteger(false) → 0 integer
toInteger(toDateTime("1970-01-01T00:00:01.5Z")) → 1500 integer
toInteger(null) → null integer
toInteger(toDuration(1)) → ! type
toDecimal("4.0") → 4.0 decimal
toDecimal("4") → 4.0 decimal
toDecimal("1e3") → 1000.0 decimal
toDecimal("x") → null decimal
toDecimal("Infinity") → null decimal
toDecimal("1e999") → null decimal
toDecimal(1) → 1.0 decimal
toDecimal(1.5) → 1.5 decimal
toDecimal(true) → 1.0 decimal
toDecimal(false) → 0.0 decimal
toDecimal(toDateTime(1000)) → 1000.0 decimal
toDecimal(@event{E.text}) → null decimal
toDecimal([1]) → ! type
toString(4) → "4" string
toString(1.5) → "1.5" string
toString(4.0) → "4.0" string
toString(true) → "true" string
toString(toDateTime("2019-06-03T08:30:05+02:00")) → "2019-06-03T06:30:05Z" string
toString(toDateTimeOnly("2019-06-03T08:30:05.12")) → "2019-06-03T08:30:05.120" string
toString(toDateOnly("2023-08-18")) → "2023-08-18" string
toString(toDuration(1520)) → "PT1.52S" string
toString(@event{E.none}) → null string
toString(["a"]) → ! type
toString("a") → ! type
toDateOnly("2023-08-18") → "2023-08-18" dateOnly
toDateOnly("2023-08-18T00:00:00.000Z") → "2023-08-18" dateOnly
toDateOnly(toDateTime("2023-08-18T23:00:00-05:00")) → "2023-08-18" dateOnly
toDateOnly(toDateTimeOnly("2023-08-18T23:00:00")) → "2023-08-18" dateOnly
toDateOnly(2023, 8, 18) → "2023-08-18" dateOnly
toDateOnly(0) → "1970-01-01" dateOnly
toDateOnly(@event{E.day}) → "2023-08-18" dateOnly
toDateOnly("2023-02-30") → null dateOnly
toDateOnly("soon") → null dateOnly
toDateOnly(null) → null dateOnly
toDateOnly(2023, null, 18) → null dateOnly
toDateOnly(2023, 2, 30) → ! runtime
toDateOnly(1.5) → ! type
toDateOnly(2023, 8) → ! type
toDateTime("2023-08-18T10:00:00.123456+02:00") → "2023-08-18T10:00:00.123456+02:00" dateTime
toDateTime ("2023-08-18T10:00Z") → "2023-08-18T10:00Z" dateTime
toDateTime("2023-08-18T10:00:00") → null dateTime
toDateTime("2023-08-18") → null dateTime
toDateTime("yesterday") → null dateTime
toDateTime(1000) → "1970-01-01T00:00:01Z" dateTime
toDateTime(-1) → "1969-12-31T23:59:59.999Z" dateTime
toDateTime("Europe/Paris", toDateOnly("2023-08-18")) → "2023-08-18T00:00+02:00" dateTime
toDateTime("Europe/Paris", toDateTimeOnly("2023-01-18T10:30:00")) → "2023-01-18T10:30+01:00" dateTime
toDateTime("+05:30", toDateTimeOnly("2023-01-18T10:30:00")) → "2023-01-18T10:30+05:30" dateTime
toDateTime(@event{E.text}) → null dateTime
toDateTime("Europe/Paris", null) → null dateTime
toDateTime(@event{E.s}, toDateOnly("2023-08-18")) → ! type
toDateTime("Mars/Base", toDateOnly("2023-08-18")) → ! type
toDateTime(1.5) → ! type
toDateTimeOnly("2023-08-18") → "2023-08-18T00:00" dateTimeOnly
toDateTimeOnly("2023-08-18T10:00:00") → "2023-08-18T10:00" dateTimeOnly
toDateTimeOnly("2023-08-18T10:00:00+02:00") → "2023-08-18T10:00" dateTimeOnly
toDateTimeOnly(toDateTime("2023-08-18T10:00:00+02:00")) → "2023-08-18T10:00" dateTimeOnly
toDateTimeOnly(setHours(nowWithDelta(2, "days"), 9)) → "2019-06-05T09:30" dateTimeOnly
toDateTimeOnly(@event{E.day}) → "2023-08-18T00:00" dateTimeOnly
toDateTimeOnly("soon") → null dateTimeOnly
toDateTimeOnly(null) → null dateTimeOnly
toDateTimeOnly(1) → ! type
toDuration("PT5S") → "PT5S" duration
toDuration("PT20.345S") → "PT20.345S" duration
toDuration("PT15M") → "PT15M" duration
toDuration("PT10H") → "PT10H" duration
toDuration("P2D") → "PT48H" duration
toDuration("P2DT3H4M") → "PT51H4M" duration
toDuration("P-6H3M") → "PT-5H-57M" duration
toDuration("-P6H3M") → "PT-6H-3M" duration
toDuration("-P-6H+3M") → "PT5H57M" duration
toDuration("pt0,5s") → "PT0.5S" duration
toDuration(500) → "PT0.5S" duration
toDuration(@event{E.text}) → null duration
toDuration(@event{E.s}) → null duration
toDuration("P3M") → ! type
toDuration("P2D3H") → ! type
toDuration("soon") → ! type
toDuration(true) → ! type

currentTimeInMillis() → 1559543400000 integer
currentTimeInMillis() is integer → true boolean
(currentTimeInMillis()) + 1 → 1559543400001 integer
toDateTime((currentTimeInMillis()) + 1) → "2019-06-03T06:30:00.001Z" dateTime
currentTimeInMillis(null) → ! type
inLastDays(toDateTime("2019-06-02T06:30:00Z"), 1) → true boolean
inLastDays(toDateTime("2019-06-02T06:29:59Z"), 1) → false boolean
inLastDays(toDateTime("2019-06-03T06:30:01Z"), 1) → false boolean
inLastDays(@event{E.none}, 1) → false boolean
inLastDays(@event{E.at}, null) → false boolean
inLastDays("2019-06-03", 1) → ! type
inLastHours(@event{E.at}, 1) → true boolean
inLastHours(toDateTime("2019-06-03T05:29:59Z"), 1) → false boolean
inLastHours(now(), 0) → true boolean
inLastHours(null, 1) → false boolean
inLastHours(@event{E.at}, 1.5) → ! type
inLastMonths(toDateTime("2019-05-03T06:30:00Z"), 1) → true boolean
inLastMonths(toDateTime("2019-05-03T06:29:00Z"), 1) → false boolean
inLastMonths(null, 1) → false boolean
inLastMonths(toDateOnly("2019-06-03"), 1) → ! type
inLastYears(toDateTime("2018-06-03T06:30:00Z"), 1) → true boolean
inLastYears(toDateTime("2017-06-03T06:30:00Z"), 1) → false boolean
inLastYears(toDateTime("1900-01-01T00:00:00Z"), 3000) → true boolean
inLastYears(null, 1) → false boolean
inLastYears(1, 1) → ! type
inNextDays(toDateTime("2019-06-04T06:30:00Z"), 1) → true boolean
inNextDays(toDateTime("2019-06-02T06:30:00Z"), 1) → false boolean
inNextDays(null, 1) → false boolean
inNextDays(true, 1) → ! type
inNextHours(toDateTime("2019-06-03T07:30:00Z"), 1) → true boolean
inNextHours(toDateTime("2019-06-03T07:30:01Z"), 1) → false boolean
inNextHours(null, 1) → false boolean
inNextHours(toDateTimeOnly("2019-06-03"), 1) → ! type
inNextMonths(toDateTime("2019-07-03T06:30:00Z"), 1) → true boolean
inNextMonths(@event{E.at}, 1) → false boolean
inNextMonths(null, 1) → false boolean
inNextMonths(now(), "1") → ! type
inNextYears(toDateTime("2020-06-03T06:30:00Z"), 1) → true boolean
inNextYears(toDateTime("2020-06-03T06:30:01Z"), 1) → false boolean
inNextYears(toDateTime("9999-12-31T00:00:00Z"), 9999) → true boolean
inNextYears(null, 1) → false boolean
inNextYears(now()) → ! type
now() → "2019-06-03T06:30Z" dateTime
now("Europe/Paris") → "2019-06-03T08:30+02:00" dateTime
now("+02:00") → "2019-06-03T08:30+02:00" dateTime
now(null) → ! type
now(@event{E.s}) → ! type
now("Europe/" + "Paris") → ! type
now("Europe/Pari") → ! type
nowWithDelta(-2, "hours") → "2019-06-03T04:30Z" dateTime
nowWithDelta(1, "days", "Europe/Paris") → "2019-06-04T08:30+02:00" dateTime
nowWithDelta(8, "months") → "2020-02-03T06:30Z" dateTime
nowWithDelta(1, "years") → "2020-06-03T06:30Z" dateTime
nowWithDelta(90, "minutes") → "2019-06-03T08:00Z" dateTime
nowWithDelta(-1, "seconds") → "2019-06-03T06:29:59Z" dateTime
nowWithDelta(null, "days") → null dateTime
nowWithDelta(1, "weeks") → ! type
nowWithDelta("1", "days") → ! type
setDays(toDateTime('2023-12-12T01:11:00Z'), 25) → "2023-12-25T01:11Z" dateTime
setDays(toDateTimeOnly('2023-12-12T01:11:00'), 25) → "2023-12-25T01:11" dateTimeOnly
setDays(null, 25) → null null
setDays(now(), null) → null dateTime
setDays(toDateTime('2023-02-12T01:11:00Z'), 31) → ! runtime
setDays(toDateOnly('2023-12-12'), 25) → ! type
setHours(nowWithDelta(1, "days"), 20) → "2019-06-04T20:30Z" dateTime
setHours(toDateTime("2019-06-03T08:30:15+02:00"), 0) → "2019-06-03T00:30:15+02:00" dateTime
setHours(toDateTimeOnly("2019-06-03T08:30:00"), 23) → "2019-06-03T23:30" dateTimeOnly
setHours(now(), null) → null dateTime
setHours(now(), 24) → ! runtime
setHours("2019-06-03T08:30:00Z", 1) → ! type
updateTimeZone(toDateTime("2023-08-28T08:15:30.123-07:00"), "Europe/Paris") → "2023-08-28T17:15:30.123+02:00" dateTime
updateTimeZone(toDateTime("2023-08-28T08:15:30-07:00"), "Australia/Sydney") → "2023-08-29T01:15:30+10:00" dateTime
updateTimeZone(null, "Europe/Paris") → null dateTime
updateTimeZone(now(), @event{E.s}) → ! type
updateTimeZone(toDateTimeOnly("2023-08-28"), "Z") → ! type

distinct([10, 2, 10, null]) → [10, 2] listInteger
distinct(['b', 'a', 'b']) → ["b", "a"] listString
distinct(@event{E.l}) → [{"k": "b", "n": 2}, {"k": "a", "n": 1}, {"k": "b", "n": 3}, {"n": 9}] listObject
distinct(@event{E.l}, 'k') → [{"k": "b", "n": 2}, {"k": "a", "n": 1}, {"n": 9}] listObject
distinct(@event{E.list}) → null listInteger
distinct('a') → ! type
distinctWithNull([10, 2, 10, null]) → [10, 2, null] listInteger
distinctWithNull([null, null]) → [null] listAny
distinctWithNull([1.5]) → [1.5] listDecimal
distinctWithNull(@event{E.l}, 'k') → [{"k": "b", "n": 2}, {"k": "a", "n": 1}, null, {"n": 9}] listObject
distinctWithNull(@event{E.objects}, 'k') → null listObject
distinctWithNull([1], 'k') → ! type
distinctWithNull(null) → null null
distinctWithNull(1) → ! type
filter(@event{E.l}, 'k', ['a', 'x']) → [{"k": "a", "n": 1}] listObject
filter(@event{E.l}, 'n', [9, 1]) → [{"k": "a", "n": 1}, {"n": 9}] listObject
filter(@event{E.l}, 'n', [1.0]) → [{"k": "a", "n": 1}] listObject
filter(@event{E.objects}, 'k', ['a']) → null listObject
filter(@event{E.l}, null, ['a']) → null listObject
filter([1, 2], 'k', [1]) → ! type
filter(@event{E.l}, 'k', 'a') → ! type
getListItem([10, 2, 3], 1) → 2 integer
getListItem(['a'], 0) → "a" string
getListItem([10], 1) → null integer
getListItem([10], -1) → null integer
getListItem(@event{E.list}, 0) → null integer
getListItem([10], null) → null integer
getListItem(@event{E.l}, 0) → ! type
getListItem([10], 'a') → ! type
in('a', ['a', 'b']) → true boolean
in(true, [true]) → true boolean
in(3, [1, 2]) → false boolean
in(1.5, [1.5]) → true boolean
in(toDuration('PT60S'), [toDuration('PT1M')]) → true boolean
in(toDateTime('2019-06-03T08:30:00+02:00'), [now()]) → true boolean
in(toDateTimeOnly('2019-06-03'), [toDateTimeOnly('2019-06-03T00:00:00')]) → true boolean
in(toDateOnly('2019-06-03'), [toDateOnly('2019-06-04')]) → false boolean
in(null, ['a']) → false boolean
in(1, @event{E.list}) → false boolean
in(1, ['a']) → ! type
in(1, [1.5]) → ! type
in('a', 'abc') → ! type
intersect(["sports","news","documentary"], ["sports","movies","documentary"]) → ["sports", "documentary"] listString
intersect([3, 1, 3, 2], [2, 3]) → [3, 2] listInteger
intersect([1.5, 2.5], [2.5]) → [2.5] listDecimal
intersect([true, false], [false]) → [false] listBoolean
intersect([toDuration('P1D')], [toDuration('PT24H')]) → ["PT24H"] listDuration
intersect([now(), @event{E.at}], [toDateTime('2019-06-03T08:30:00+02:00')]) → ["2019-06-03T06:30Z"] listDateTime
intersect([toDateTimeOnly('2019-06-03')], [toDateTimeOnly('2019-06-03')]) → ["2019-06-03T00:00"] listDateTimeOnly
intersect([toDateOnly('2019-06-03')], [toDateOnly('2019-06-04')]) → [] listDateOnly
intersect([1], @event{E.list}) → [] listInteger
intersect(null, [1]) → [] listInteger
intersect(@event{E.none}, @event{E.none}) → [] listAny
intersect([1], ['a']) → ! type
intersect(@event{E.l}, @event{E.l}) → ! type
limit([1, 2, 3], 2) → [1, 2] listInteger
limit([1, 2, 3], 2, true) → [1, 2] listInteger
limit([1, 2, 3], 2, false) → [2, 3] listInteger
limit([1, 2, 3], 0, false) → [] listInteger
limit([1], 5) → [1] listInteger
limit(@event{E.l}, 1) → [{"k": "b", "n": 2}] listObject
limit(@event{E.list}, 1) → null listInteger
limit([1], null) → null listInteger
limit('abc', 1) → ! type
list('a', 'b', 'c') → ["a", "b", "c"] listString
list('a', null) → ["a", null] listString
list(@event{E.l.k}) → ["b", "a", "b", null, null, "b"] listString
list(@event{E.none}) → [null] listString
list(@event{E.text}) → [null] listString
list('a', 1) → ! type
listSize([1, null]) → 2 integer
listSize(@event{E.l}) → 6 integer
listSize(@event{E.list}) → 0 integer
listSize(null) → 0 integer
listSize('abc') → ! type
serializeList(["Hello","World"], ",", true) → "\"Hello\",\"World\"" string
serializeList([1, 2], "-", false) → "1-2" string
serializeList([], "-", false) → "" string
serializeList([true, null], "|", false) → "true|" string
serializeList(@event{E.list}, ",", true) → null string
serializeList([1], null, true) → null string
serializeList(@event{E.l}, ",", true) → ! type
serializeList([1], ",") → ! type
sort([3, null, 1, 2], true) → [1, 2, 3, null] listInteger
sort(['b', 'B', 'a'], false) → ["b", "a", "B"] listString
sort([toDuration('PT1H'), toDuration('PT1M')], true) → ["PT1M", "PT1H"] listDuration
sort(limit(@event{E.l}, 3), 'k', true) → [{"k": "a", "n": 1}, {"k": "b", "n": 2}, {"k": "b", "n": 3}] listObject
sort(limit(@event{E.l}, 3), 'n', false) → [{"k": "b", "n": 3}, {"k": "b", "n": 2}, {"k": "a", "n": 1}] listObject
sort(@event{E.list}, true) → null listInteger
sort([1], null) → null listInteger
sort(@event{E.l}, true) → ! type
sort([1]) → ! type

random() >= 0.0 → true boolean
random() < 1.0 → true boolean
random() is decimal → true boolean
random(null) → ! type
round(2.5) → 3 integer
round(-2.5) → -2 integer
round(-3.14) → -3 integer
round(2.4999999) → 2 integer
round(0.49999999999999994) → 0 integer
round(-0.4) → 0 integer
round(7) → 7 integer
round(null) → null integer
round('2') → ! type
round(9223372036854775807.0 * 2.0) → ! runtime

concat("Hello", " World") → "Hello World" string
concat(["Hello", " ", "World"]) → "Hello World" string
concat(["a", null, "b"]) → "ab" string
concat("a", null) → "a" string
concat(@event{E.text}, "b") → "b" string
concat("a", 1) → ! type
concat([1]) → ! type
contain("rowing is great", "great") → true boolean
contain("rowing", "GREAT") → false boolean
contain("a", "") → true boolean
contain(null, "a") → false boolean
contain("a", @event{E.text}) → false boolean
contain(1, "a") → ! type
containIgnoreCase("rowing is great", "GREAT") → true boolean
containIgnoreCase("rowing", "x") → false boolean
containIgnoreCase(null, "a") → false boolean
containIgnoreCase(["a"], "a") → ! type
startWith("Hello World", "Hello") → true boolean
startWith("Hello World", "hello") → false boolean
startWith(null, "h") → false boolean
startWith("a", 1) → ! type
startWithIgnoreCase("iPad", "ip") → true boolean
startWithIgnoreCase("iPad", "xp") → false boolean
startWithIgnoreCase(@event{E.text}, "ip") → false boolean
startWithIgnoreCase(true, "t") → ! type
endWith("Hello World", "World") → true boolean
endWith("Hello World", "world") → false boolean
endWith(null, "d") → false boolean
endWith("a") → ! type
endWithIgnoreCase("iPad", "PAD") → true boolean
endWithIgnoreCase("iPad", "x") → false boolean
endWithIgnoreCase("iPad", null) → false boolean
endWithIgnoreCase(1.5, "5") → ! type
equalIgnoreCase("A", "a") → true boolean
equalIgnoreCase("A", "b") → false boolean
equalIgnoreCase(null, "a") → false boolean
equalIgnoreCase(null, null) → false boolean
equalIgnoreCase("1", 1) → ! type
notEqualIgnoreCase("A", "a") → false boolean
notEqualIgnoreCase("A", "b") → true boolean
notEqualIgnoreCase(null, "a") → true boolean
notEqualIgnoreCase("1", 1) → ! type
indexOf("Hello", "l") → 2 integer
indexOf("é😀a", "a") → 2 integer
indexOf("Hello", "") → 0 integer
indexOf("Hello", "x") → -1 integer
indexOf(null, "x") → null integer
indexOf("a", 1) → ! type
lastIndexOf("Hello", "l") → 3 integer
lastIndexOf("Hello", "x") → -1 integer
lastIndexOf("Hello", null) → null integer
lastIndexOf(1, "1") → ! type
isEmpty("") → true boolean
isEmpty(" ") → false boolean
isEmpty(null) → false boolean
isEmpty(@event{E.text}) → false boolean
isEmpty([]) → ! type
isEmpty(1) → ! type
isNotEmpty("a") → true boolean
isNotEmpty("") → false boolean
isNotEmpty(null) → false boolean
isNotEmpty(1) → ! type
length("Hello") → 5 integer
length("é😀") → 2 integer
length("") → 0 integer
length(null) → null integer
length(5) → ! type
lower("ABC É") → "abc é" string
lower("") → "" string
lower(null) → null string
lower(1) → ! type
upper("abc é") → "ABC É" string
upper("") → "" string
upper(@event{E.text}) → null string
upper(true) → ! type
matchRegExp("12345", "\\d+") → true boolean
matchRegExp("12345", "\d+") → true boolean
matchRegExp("12345x", "\\d+") → false boolean
matchRegExp("ABC", "(?i)abc") → true boolean
matchRegExp(null, "a") → false boolean
matchRegExp("a", @event{E.text}) → false boolean
matchRegExp("a", "(") → ! type
matchRegExp(1, "1") → ! type
replace("aaa", "aa", "b") → "ba" string
replace("Hello World", "l", "x") → "Hexlo World" string
replace("2019-06", "(\\d+)-(\\d+)", "$2/$1") → "06/2019" string
replace("a", null, "b") → null string
replace("a", "a", 1) → ! type
replace("a", "a", "$1") → ! runtime
replaceAll("Hello World", "l", "x") → "Hexxo Worxd" string
replaceAll("a.b.c", "\\.", "-") → "a-b-c" string
replaceAll(@event{E.text}, "a", "b") → null string
replaceAll("a", "b") → ! type
split("20.45.2.3434", "\\.") → ["20", "45", "2", "3434"] listString
split("a,b,,", ",") → ["a", "b"] listString
split("a|b", '\\|') → ["a", "b"] listString
split("", ",") → [""] listString
split(null, ",") → null listString
split(["a"], ",") → ! type
substr("Hello", 1) → "ello" string
substr("Hello", 1, 3) → "el" string
substr("Hello", -5, 99) → "Hello" string
substr("Hello", 4, 2) → "" string
substr("Hello", 9) → "" string
substr(null, 1) → null string
substr("Hello", null) → null string
substr("Hello", "1") → ! type
trim(" a b ") → "a b" string
trim("") → "" string
trim(null) → null string
trim(1) → ! type
length(uuid()) → 36 integer
matchRegExp(uuid(), "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}") → true boolean
uuid() == uuid() → false boolean
uuid(null) → ! type
"""


class Line(NamedTuple):
    expression: str
    value: Any
    type: str
    error: str | None


def _lines() -> list[Line]:
    found = []
    for text in TABLE.splitlines():
        if not text or text.startswith("#"):
            continue
        expression, _, outcome = text.rpartition(" → ")
        if outcome.startswith("! "):
            found.append(Line(expression, None, "", outcome[2:]))
        else:
            value, _, kind = outcome.rpartition(" ")
            found.append(Line(expression, orjson.loads(value), kind, None))
    return found


LINES = _lines()
NAMES = sorted(re.findall(r"\w+", INDEX))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.expression)
def test_a_function_does_what_its_row_says(line: Line) -> None:
    context = JsonContext(CONTEXT, 0)
    if line.error is not None:
        with pytest.raises((ExpressionInvalid, ExpressionFailed)) as raised:
            Evaluator().evaluate(line.expression, context)
        assert describe_error(line.expression, raised.value)["code"] == line.error
        return
    result = Evaluator().evaluate(line.expression, context)
    assert type(result.value) is type(line.value)
    assert result.value == (pytest.approx(line.value) if isinstance(line.value, float) else line.value)
    assert result.type == line.type


def test_the_library_has_the_functions_of_the_index_and_no_others() -> None:
    assert sorted(JOURNEY.by_name) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_table_asks_every_function_thrice_with_null_and_a_wrong_argument(name: str) -> None:
    rows = [line for line in LINES if re.search(rf"\b{name}\s*\(", line.expression)]
    own = [line for line in rows if re.match(rf"(\w+\()?{name}\s*\(", line.expression)]
    assert len(own) >= 3
    assert any(re.search(r"null|E\.(none|text|list|objects)", line.expression) for line in own)
    assert any(line.error == "type" for line in own)


def test_every_overload_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    called: set[str] = set()

    def watched(row: Function) -> Function:
        def call(*arguments: Any) -> Any:
            called.add(row.signature)
            return row.call(*arguments)

        return replace(row, call=call)

    by_name = {name: tuple(map(watched, rows)) for name, rows in JOURNEY.by_name.items()}
    monkeypatch.setattr(JOURNEY, "by_name", by_name)
    for line in LINES:
        with contextlib.suppress(ExpressionInvalid, ExpressionFailed):
            Evaluator().evaluate(line.expression, JsonContext(CONTEXT, 0))
    assert set(JOURNEY.signatures()) - called == set()
