"""Code: short Python functions to write. The reply is run against hidden tests (only with --allow-code)."""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import product, zip_longest
from string import Template
from textwrap import dedent, indent
from typing import Any, NamedTuple

description = "Short Python functions, judged by running hidden tests"
capability = "code"
params = {"temperature": 0, "max_tokens": 1024}
count = 47


class Task(NamedTuple):
    """One function to write. `$k` and the like stand for the values, each of which makes another task."""

    signature: str
    returns: str
    right: str
    wrong: str
    tests: Sequence[str]
    values: Mapping[str, Sequence[object]]


TASKS = (
    Task(
        "sum_multiples(numbers)",
        "the sum of those numbers that are divisible by $k",
        "return sum(n for n in numbers if n % $k == 0)",
        "return sum(1 for n in numbers if n % $k == 0)",
        ["sum_multiples([$k, 1, 2 * $k]) == 3 * $k", "sum_multiples([]) == 0", "sum_multiples([-$k, 1]) == -$k"],
        {"k": range(3, 40)},
    ),
    Task(
        "count_longer(words)",
        "how many of the words have more than $k letters",
        "return sum(len(word) > $k for word in words)",
        "return sum(len(word) >= $k for word in words)",
        ["count_longer(['a' * $k, 'b' * ($k + 1), 'c']) == 1", "count_longer([]) == 0"],
        {"k": range(3, 20)},
    ),
    Task(
        "clamp(x)",
        "x limited to the range from $low to $high",
        "return max($low, min($high, x))",
        "return min($low, max($high, x))",
        ["clamp($low - 1) == $low", "clamp($high + 5) == $high", "clamp($low + 1) == $low + 1"],
        {"low": range(-9, 0), "high": range(3, 12)},
    ),
    Task(
        "rotate(items)",
        "a new list with the items rotated to the left by $k places, going round as often as needed",
        "places = $k % len(items) if items else 0\nreturn items[places:] + items[:places]",
        "return items[$k:] + items[:$k]",
        ["rotate([]) == []", "rotate(list(range(99)))[0] == $k"]
        + [f"rotate(list(range({n})))[0] == $k % {n}" for n in (3, 4, 5)],
        {"k": range(6, 40)},
    ),
    Task(
        "shift(text)",
        "the text with each lower-case letter a-z moved $k places on in the alphabet, z followed by a; "
        "all other characters stay",
        "return ''.join(chr((ord(c) - 97 + $k) % 26 + 97) if 'a' <= c <= 'z' else c for c in text)",
        "return ''.join(chr(ord(c) + $k) if 'a' <= c <= 'z' else c for c in text)",
        ["shift('') == ''", "shift('A-1') == 'A-1'", "shift('az') == chr(97 + $k) + chr(96 + $k)"],
        {"k": range(2, 25)},
    ),
    Task(
        "chunks(items)",
        "the list cut into lists of $k items, the last of which may be shorter",
        "return [items[i:i + $k] for i in range(0, len(items), $k)]",
        "return [items[i:i + $k] for i in range(0, len(items) - $k + 1, $k)]",
        ["chunks([1]) == [[1]]", "chunks([]) == []", "chunks([7] * 2 * $k) == [[7] * $k, [7] * $k]"],
        {"k": range(2, 30)},
    ),
    Task(
        "every_nth(items)",
        "a list of the items at positions $k, twice $k, three times $k and so on, where the first has position 1",
        "return items[$k - 1::$k]",
        "return items[::$k]",
        ["every_nth(list(range(1, 3 * $k))) == [$k, 2 * $k]", "every_nth([1]) == []"],
        {"k": range(2, 30)},
    ),
    Task(
        "digit_powers(n)",
        "the sum of the digits of the non-negative integer n, each raised to the power $k",
        "return sum(int(digit) ** $k for digit in str(n))",
        "return sum(int(digit) for digit in str(n)) ** $k",
        ["digit_powers(0) == 0", "digit_powers(12) == 1 + 2 ** $k", "digit_powers(305) == 3 ** $k + 5 ** $k"],
        {"k": range(2, 12)},
    ),
    Task(
        "count_letters(text)",
        "how many characters of the text are one of the letters $letters, in lower or upper case",
        "return sum(c in '$letters' for c in text.lower())",
        "return sum(c in '$letters' for c in text)",
        ["count_letters('$letters'.upper()) == len('$letters')", "count_letters('') == 0", "count_letters('123') == 0"],
        {"letters": ("abc", "rst", "xyz", "lmn", "aeiou", "pq", "mnop", "bdg", "klr", "stuv")},
    ),
    Task(
        "pad(n)",
        "the non-negative integer n as a string, filled with leading zeros to at least $k characters",
        "return str(n).rjust($k, '0')",
        "return str(n).ljust($k, '0')",
        ["pad(7) == '0' * ($k - 1) + '7'", "pad(10 ** 30) == str(10 ** 30)"],
        {"k": range(3, 25)},
    ),
    Task(
        "top(scores)",
        "a list of the $k highest scores (all, if there are fewer), highest first; equal scores each count",
        "return sorted(scores, reverse=True)[:$k]",
        "return sorted(set(scores), reverse=True)[:$k]",
        ["top([5] * 2 * $k) == [5] * $k", "top([1, 3, 2]) == [3, 2, 1]", "top([]) == []"],
        {"k": range(3, 30)},
    ),
    Task(
        "to_base(n)",
        "the non-negative integer n written in base $k, as a string",
        "digits = str(n % $k)\nwhile n >= $k:\n    n //= $k\n    digits = str(n % $k) + digits\nreturn digits",
        "digits = ''\nwhile n:\n    digits = str(n % $k) + digits\n    n //= $k\nreturn digits",
        ["to_base(0) == '0'", "to_base($k) == '10'", "int(to_base(98765), $k) == 98765"],
        {"k": range(2, 10)},
    ),
    Task(
        "buzz(n)",
        "a list with an entry for each number from 1 to n: '$one' for multiples of $a, '$two' for multiples of $b, "
        "'$one$two' for multiples of both, otherwise the number as a string",
        "return [('$one' * (i % $a == 0) + '$two' * (i % $b == 0)) or str(i) for i in range(1, n + 1)]",
        "return ['$one' if i % $a == 0 else '$two' if i % $b == 0 else str(i) for i in range(1, n + 1)]",
        ["buzz(1) == ['1']", "buzz($a * $b)[-1] == '$one$two'", "buzz($b)[$a - 1] == '$one'", "buzz(0) == []"],
        {"one": ("Tik", "Zip", "Hop"), "two": ("Tok", "Zap", "Hip"), "a": (3, 4, 5), "b": (7, 9, 11)},
    ),
    Task(
        "moving_average(numbers)",
        "a list of the means of all $k consecutive numbers; an empty list if there are fewer than $k numbers",
        "return [sum(numbers[i:i + $k]) / $k for i in range(len(numbers) - $k + 1)]",
        "return [sum(numbers[i:i + $k]) / $k for i in range(len(numbers) - $k)]",
        ["moving_average([2] * $k) == [2]", "moving_average([1]) == []", "len(moving_average([0] * 50)) == 51 - $k"],
        {"k": range(2, 30)},
    ),
    Task(
        "is_code(text)",
        "True if the text is exactly $k upper-case letters A-Z followed by exactly $m digits 0-9, otherwise False",
        "import re\nreturn re.fullmatch('[A-Z]{$k}[0-9]{$m}', text) is not None",
        "import re\nreturn re.match('[A-Z]{$k}[0-9]{$m}', text) is not None",
        ["is_code('A' * $k + '1' * $m)", "not is_code('A' * $k + '1' * $m + 'x')", "not is_code('a' * $k + '1' * $m)"],
        {"k": range(2, 7), "m": range(2, 7)},
    ),
    Task(
        "runs(text)",
        "a list of a tuple (character, length) for each run of at least $k equal characters, in order",
        """
        from itertools import groupby
        lengths = [(character, len(list(group))) for character, group in groupby(text)]
        return [(character, length) for character, length in lengths if length >= $k]
        """,
        """
        from collections import Counter
        return [(character, length) for character, length in Counter(text).items() if length >= $k]
        """,
        ["runs('') == []", "runs('a' * $k + 'b' + 'a' * ($k + 1)) == [('a', $k), ('a', $k + 1)]"],
        {"k": range(2, 20)},
    ),
    Task(
        "merge(intervals)",
        "the sorted list of the [start, end] lists, where any that overlap or are at most $k apart are joined into one",
        """
        merged = []
        for start, end in sorted(intervals):
            if merged and start - merged[-1][1] <= $k:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        return merged
        """,
        """
        merged = []
        for start, end in sorted(intervals):
            if merged and start - merged[-1][1] <= $k:
                merged[-1][1] = end
            else:
                merged.append([start, end])
        return merged
        """,
        [
            "merge([[0, 1], [1 + $k, 99]]) == [[0, 99]]",
            "merge([[2 + $k, 99], [0, 1]]) == [[0, 1], [2 + $k, 99]]",
            "merge([[0, 90], [5, 6]]) == [[0, 90]]",
            "merge([]) == []",
        ],
        {"k": range(1, 30)},
    ),
    Task(
        "find_pair(numbers)",
        "the tuple (i, j), i < j, of the indices of the only two numbers that add up to $k, or None if there are none",
        """
        for j, second in enumerate(numbers):
            for i in range(j):
                if numbers[i] + second == $k:
                    return (i, j)
        return None
        """,
        """
        for i, first in enumerate(numbers):
            if $k - first in numbers:
                return (i, numbers.index($k - first))
        return None
        """,
        ["find_pair([900, $k - 3, 3]) == (1, 2)", "find_pair([$k // 2, 1, 2]) is None", "find_pair([]) is None"],
        {"k": range(20, 90, 2)},
    ),
    Task(
        "histogram(values)",
        "a dict of how many of the integers lie in each bucket of width $k, under the bucket's lowest integer: "
        "one bucket starts at 0, the one below it at -$k; empty buckets are left out",
        """
        counts = {}
        for value in values:
            start = value // $k * $k
            counts[start] = counts.get(start, 0) + 1
        return counts
        """,
        """
        counts = {}
        for value in values:
            start = int(value / $k) * $k
            counts[start] = counts.get(start, 0) + 1
        return counts
        """,
        ["histogram([0, $k - 1, $k]) == {0: 2, $k: 1}", "histogram([-1]) == {-$k: 1}", "histogram([]) == {}"],
        {"k": range(3, 40)},
    ),
    Task(
        "price(quantity)",
        "the price of an order: the first $k pieces cost $a each, every further piece costs $b",
        "return $a * min(quantity, $k) + $b * max(quantity - $k, 0)",
        "return quantity * ($a if quantity <= $k else $b)",
        ["price(0) == 0", "price($k) == $a * $k", "price($k + 2) == $a * $k + 2 * $b"],
        {"k": range(5, 15), "a": (9, 12, 14), "b": (4, 5, 7)},
    ),
    Task(
        "parse(text)",
        "a dict of the key${eq}value pairs in the text, which are separated by '$sep'; "
        "a value may contain '$eq' itself; the empty text gives an empty dict",
        "return dict(pair.split('$eq', 1) for pair in text.split('$sep')) if text else {}",
        "return dict(pair.split('$eq') for pair in text.split('$sep')) if text else {}",
        [
            "parse('') == {}",
            "parse('a${eq}1${sep}b${eq}2') == {'a': '1', 'b': '2'}",
            "parse('x${eq}y${eq}z')['x'] == 'y${eq}z'",
        ],
        {"eq": ("=", ":", "~"), "sep": (";", "&", "|", ",")},
    ),
    Task(
        "slug(text)",
        "the words of the text (separated by any amount of white space) in lower case, joined by '$s'",
        "return '$s'.join(text.lower().split())",
        "return text.lower().replace(' ', '$s')",
        ["slug('Big  Red\\tBus') == 'big${s}red${s}bus'", "slug(' A ') == 'a'", "slug('') == ''"],
        {"s": ("-", "_", ".", "+", "/", "::", "~", "=", "--", "__")},
    ),
    Task(
        "trimmed_mean(numbers)",
        "the mean of the numbers without the $k lowest and the $k highest, or None if no number is left",
        "kept = sorted(numbers)[$k:-$k]\nreturn sum(kept) / len(kept) if kept else None",
        "kept = sorted(numbers)[$k:]\nreturn sum(kept) / len(kept) if kept else None",
        [
            "trimmed_mean([90] * $k + [3, 4] + [-5] * $k) == 3.5",
            "trimmed_mean([1]) is None",
            "trimmed_mean([]) is None",
        ],
        {"k": range(2, 20)},
    ),
    Task(
        "add_scaled(a, b)",
        "the matrix a + $k * b, for matrices of the same size given as lists of rows",
        "return [[x + $k * y for x, y in zip(p, q)] for p, q in zip(a, b)]",
        "return [[$k * (x + y) for x, y in zip(p, q)] for p, q in zip(a, b)]",
        ["add_scaled([[1, 2]], [[3, 4]]) == [[1 + 3 * $k, 2 + 4 * $k]]", "add_scaled([], []) == []"],
        {"k": range(2, 40)},
    ),
    Task(
        "flatten(items)",
        "the list with $k levels of nested lists dissolved; what is nested deeper stays nested",
        """
        for _ in range($k):
            items = [x for item in items for x in (item if isinstance(item, list) else [item])]
        return items
        """,
        "return [x for item in items for x in (item if isinstance(item, list) else [item])]",
        [
            "flatten([1, [2, [3]]]) == [1, 2, 3]",
            "str(flatten([[[[[[[[[[1]]]]]]]]]])).count('[') == 10 - $k",
            "flatten([]) == []",
        ],
        {"k": range(2, 9)},
    ),
    Task(
        "divisions(n)",
        "how often the positive integer n can be divided by $k without remainder",
        "times = 0\nwhile n % $k == 0:\n    n //= $k\n    times += 1\nreturn times",
        "times = 0\nwhile n >= $k:\n    n //= $k\n    times += 1\nreturn times",
        ["divisions(1) == 0", "divisions($k ** 3) == 3", "divisions($k + 1) == 0", "divisions($k * ($k + 1)) == 1"],
        {"k": range(2, 40)},
    ),
    Task(
        "common(a, b)",
        "a sorted list, without repeats, of the numbers above $k that are in both lists",
        "return sorted(n for n in set(a) & set(b) if n > $k)",
        "return sorted(n for n in a if n in b and n > $k)",
        ["common([$k + 2, $k + 1, $k, $k + 1], [$k + 1, $k, $k + 2]) == [$k + 1, $k + 2]", "common([], [99]) == []"],
        {"k": range(3, 40)},
    ),
    Task(
        "wrap(text)",
        "a list of lines of at most $k characters made of the text's words in order, each line as full as possible, "
        "words joined by one space (no word is longer than $k)",
        """
        lines = []
        for word in text.split():
            if lines and len(lines[-1]) + 1 + len(word) <= $k:
                lines[-1] += ' ' + word
            else:
                lines.append(word)
        return lines
        """,
        """
        lines = []
        for word in text.split():
            if lines and len(lines[-1]) + 1 + len(word) < $k:
                lines[-1] += ' ' + word
            else:
                lines.append(word)
        return lines
        """,
        [
            "wrap('') == []",
            "wrap('a' * ($k - 2) + ' b') == ['a' * ($k - 2) + ' b']",
            "wrap('a' * ($k - 1) + ' b')[1] == 'b'",
        ],
        {"k": range(8, 40)},
    ),
    Task(
        "later(clock)",
        "the time of day $k minutes after the time `clock`, both written as 'HH:MM' on a 24-hour clock",
        """
        hours, minutes = map(int, clock.split(':'))
        total = (hours * 60 + minutes + $k) % 1440
        return f'{total // 60:02}:{total % 60:02}'
        """,
        """
        hours, minutes = map(int, clock.split(':'))
        total = hours * 60 + minutes + $k
        return f'{total // 60:02}:{total % 60:02}'
        """,
        ["later('00:00') == '%02d:%02d' % divmod($k, 60)", "later('23:59') == '%02d:%02d' % divmod($k - 1, 60)"],
        {"k": range(61, 700, 7)},
    ),
    Task(
        "frequent(text)",
        "a list of the $k most frequent words of the text (all, if there are fewer), in lower case, "
        "the most frequent first, equally frequent ones in alphabetical order",
        "words = text.lower().split()\nreturn sorted(set(words), key=lambda w: (-words.count(w), w))[:$k]",
        "from collections import Counter\nreturn [w for w, _ in Counter(text.lower().split()).most_common($k)]",
        ["frequent('b B a A c') == ['a', 'b', 'c'][:$k]", "frequent('') == []", "frequent('x y y')[0] == 'y'"],
        {"k": range(1, 20)},
    ),
    Task(
        "thin(numbers)",
        "a list of the first number and then of each number that differs by at least $k from the last one kept",
        """
        kept = []
        for number in numbers:
            if not kept or abs(number - kept[-1]) >= $k:
                kept.append(number)
        return kept
        """,
        "return [n for i, n in enumerate(numbers) if i == 0 or abs(n - numbers[i - 1]) >= $k]",
        ["thin([0, $k - 1, $k]) == [0, $k]", "thin([]) == []", "thin([5, 5 - $k]) == [5, 5 - $k]"],
        {"k": range(2, 40)},
    ),
    Task(
        "primes_after(n)",
        "a list of the $k smallest prime numbers greater than the positive integer n",
        """
        found = []
        while len(found) < $k:
            n += 1
            if n > 1 and all(n % d for d in range(2, int(n ** 0.5) + 1)):
                found.append(n)
        return found
        """,
        """
        found = []
        while len(found) < $k:
            if n > 1 and all(n % d for d in range(2, int(n ** 0.5) + 1)):
                found.append(n)
            n += 1
        return found
        """,
        ["primes_after(1)[:2] == [2, 3]", "primes_after(7)[:2] == [11, 13]", "len(primes_after(24)) == $k"],
        {"k": range(2, 30)},
    ),
    Task(
        "sequence(n)",
        "a list of the first n numbers of the sequence that starts $a, $b and goes on with the sum of the last two",
        "found = [$a, $b]\nwhile len(found) < n:\n    found.append(found[-1] + found[-2])\nreturn found[:n]",
        "found = [$a, $b]\nfor _ in range(n):\n    found.append(found[-1] + found[-2])\nreturn found",
        ["sequence(0) == []", "sequence(1) == [$a]", "sequence(4) == [$a, $b, $a + $b, $a + 2 * $b]"],
        {"a": range(1, 9), "b": range(1, 9)},
    ),
    Task(
        "balanced(text)",
        "True if the brackets $pair in the text are balanced and never more than $k deep, otherwise False; "
        "other characters do not matter",
        """
        depth = 0
        for character in text:
            depth += (character == '$pair'[0]) - (character == '$pair'[1])
            if not 0 <= depth <= $k:
                return False
        return depth == 0
        """,
        "return text.count('$pair'[0]) == text.count('$pair'[1]) <= $k",
        [
            "not balanced('$pair'[::-1])",
            "balanced('$pair' * ($k + 1))",
            "balanced('$pair'[0] * $k + 'x' + '$pair'[1] * $k)",
            "not balanced('$pair'[0] * ($k + 1) + '$pair'[1] * ($k + 1))",
            "not balanced('$pair'[0])",
        ],
        {"pair": ("()", "[]", "{}", "<>"), "k": range(2, 8)},
    ),
    Task(
        "group_digits(n)",
        "the non-negative integer n as a string with '$s' between groups of $k digits, counted from the right",
        """
        digits, groups = str(n), []
        while digits:
            groups.insert(0, digits[-$k:])
            digits = digits[:-$k]
        return '$s'.join(groups)
        """,
        "digits = str(n)\nreturn '$s'.join(digits[i:i + $k] for i in range(0, len(digits), $k))",
        [
            "group_digits(0) == '0'",
            "group_digits(10 ** $k) == '1$s' + '0' * $k",
            "group_digits(10 ** ($k - 1)).isdigit()",
        ],
        {"s": ("_", ".", " ", "-", "/"), "k": range(2, 7)},
    ),
    Task(
        "cheap(prices)",
        "a sorted list of the names in the dict `prices` (name to price) whose price is below $k",
        "return sorted(name for name, price in prices.items() if price < $k)",
        "return sorted(name for name, price in prices.items() if price <= $k)",
        ["cheap({'b': 1, 'a': $k - 1, 'c': $k}) == ['a', 'b']", "cheap({}) == []"],
        {"k": range(5, 40)},
    ),
    Task(
        "by_remainder(numbers)",
        "a dict from each remainder that occurs on division by $k to the list of numbers with it, in their order",
        "groups = {}\nfor n in numbers:\n    groups.setdefault(n % $k, []).append(n)\nreturn groups",
        "return {n % $k: [n] for n in numbers}",
        ["by_remainder([$k + 1, 1, $k]) == {1: [$k + 1, 1], 0: [$k]}", "by_remainder([]) == {}"],
        {"k": range(2, 40)},
    ),
    Task(
        "day_after(day)",
        "the day of the week $k days after `day`, where days are written Mon, Tue, Wed, Thu, Fri, Sat, Sun",
        "days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']\nreturn days[(days.index(day) + $k) % 7]",
        "days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']\nreturn days[days.index(day) + $k]",
        [
            f"day_after('{day}') == 'MonTueWedThuFriSatSun'[($k + {i}) % 7 * 3:][:3]"
            for i, day in ((0, "Mon"), (6, "Sun"))
        ],
        {"k": range(3, 60)},
    ),
    Task(
        "is_strong(password)",
        "True if the password has at least $k characters, a digit and one of the characters $signs, otherwise False",
        "return len(password) >= $k and any(c.isdigit() for c in password) and any(c in '$signs' for c in password)",
        "return len(password) > $k and any(c.isdigit() for c in password) and any(c in '$signs' for c in password)",
        [
            "is_strong('1$signs' + 'a' * ($k - 3))",
            "not is_strong('1$signs' + 'a' * ($k - 4))",
            "not is_strong('x' * 50)",
        ],
        {"signs": ("!?", "#%", "+-", "*/", "@&"), "k": range(8, 20)},
    ),
    Task(
        "near(points)",
        "a list of those (x, y) points, in order, whose straight-line distance from (0, 0) is at most $k",
        "return [(x, y) for x, y in points if x * x + y * y <= $k * $k]",
        "return [(x, y) for x, y in points if abs(x) + abs(y) <= $k]",
        [
            "near([($k * 3 // 5, -$k * 4 // 5)]) == [($k * 3 // 5, -$k * 4 // 5)]",
            "near([($k, 1)]) == []",
            "near([]) == []",
        ],
        {"k": range(5, 150, 5)},
    ),
    Task(
        "total(prices)",
        "the sum of the prices (whole cents); if it is at least $k, it is reduced by $p percent, "
        "rounded down to a whole cent",
        "amount = sum(prices)\nreturn amount * (100 - $p) // 100 if amount >= $k else amount",
        "amount = sum(prices)\nreturn amount * (100 - $p) // 100 if amount > $k else amount",
        ["total([$k - 1, 1]) == $k * (100 - $p) // 100", "total([$k - 1]) == $k - 1", "total([]) == 0"],
        {"k": range(1000, 9000, 500), "p": (5, 8, 12, 15, 20)},
    ),
    Task(
        "recent(items)",
        "a list of the $k items seen last (all, if there are fewer), the latest first, each item only once",
        "return list(dict.fromkeys(reversed(items)))[:$k]",
        "return list(reversed(items))[:$k]",
        ["recent(['a', 'b', 'a', 'a']) == ['a', 'b']", "recent(list(range(50)))[-1] == 50 - $k", "recent([]) == []"],
        {"k": range(2, 30)},
    ),
    Task(
        "flip_bit(n)",
        "the non-negative integer n with bit number $k flipped, where bit 0 is the lowest",
        "return n ^ (1 << $k)",
        "return n | (1 << $k)",
        ["flip_bit(0) == 2 ** $k", "flip_bit(2 ** $k) == 0", "flip_bit(2 ** ($k + 1)) == 3 * 2 ** $k"],
        {"k": range(2, 40)},
    ),
    Task(
        "climb(n)",
        "in how many ways n stairs can be climbed with steps of 1 to $k stairs, where order matters and climb(0) is 1",
        "ways = [1]\nfor i in range(1, n + 1):\n    ways.append(sum(ways[max(0, i - $k):i]))\nreturn ways[n]",
        "ways = [1]\nfor i in range(1, n + 1):\n    ways.append(sum(ways[max(0, i - $k + 1):i]))\nreturn ways[n]",
        ["climb(0) == 1", "climb(1) == 1", "climb($k) == 2 ** ($k - 1)", "climb($k + 1) == 2 ** $k - 1"],
        {"k": range(2, 15)},
    ),
    Task(
        "mark(text)",
        "the text with '$s' in place of the characters at positions $k, twice $k, three times $k and so on, "
        "where the first character is at position 1",
        "return ''.join('$s' if i % $k == 0 else c for i, c in enumerate(text, 1))",
        "return ''.join('$s' if i % $k == 0 else c for i, c in enumerate(text))",
        ["mark('a' * $k) == 'a' * ($k - 1) + '$s'", "mark('') == ''", "mark('b' * 3 * $k).count('$s') == 3"],
        {"k": range(2, 12), "s": ("*", "#", "_", "-")},
    ),
    Task(
        "mask(text)",
        "the text with all but its last $k characters replaced by '$s'; a text of at most $k characters stays as it is",
        "return text[-$k:].rjust(len(text), '$s')",
        "return '$s' * (len(text) - $k) + text[:$k]",
        [
            "mask('abcdefghijkl')[-$k:] == 'abcdefghijkl'[-$k:]",
            "mask('ab') == 'ab'",
            "mask('z' * 20) == '$s' * (20 - $k) + 'z' * $k",
        ],
        {"k": range(2, 9), "s": ("*", "#", "x", "-")},
    ),
    Task(
        "low_first(numbers)",
        "a list of the numbers below $k and then the others, each group in its original order",
        "return [n for n in numbers if n < $k] + [n for n in numbers if n >= $k]",
        "return sorted(numbers)",
        ["low_first([$k + 1, $k, 2, 1]) == [2, 1, $k + 1, $k]", "low_first([]) == []"],
        {"k": range(5, 60)},
    ),
)


def function(signature: str, body: str) -> str:
    """The function as a model writes it, in a fence."""
    return f"```python\ndef {signature}:\n{indent(dedent(body).strip(), '    ')}\n```"


def case(task: Task, values: Mapping[str, str]) -> dict[str, Any]:
    """The task with the values filled in: what is asked, the hidden tests, a right and a wrong function."""
    returns, right, wrong, *tests = (
        Template(text).substitute(values) for text in (task.returns, task.right, task.wrong, *task.tests)
    )
    return {
        "prompt": f"Write the Python function `{task.signature}`. It returns {returns}. Reply with the code only.",
        "score": {"code": {"tests": "\n".join(f"assert {test}" for test in tests), "entry_point": name_of(task)}},
        "reference": function(task.signature, right),
        "distractor": function(task.signature, wrong),
    }


def name_of(task: Task) -> str:
    return task.signature.partition("(")[0]


def variants(task: Task, rng: random.Random) -> Iterator[dict[str, Any]]:
    combinations = list(product(*task.values.values()))
    for values in rng.sample(combinations, len(combinations)):
        yield case(task, dict(zip(task.values, map(str, values), strict=True)))


def cases(rng: random.Random) -> Iterator[dict[str, Any]]:
    """Each task once, in any order and with any of its values; then each again with others, until none is new."""
    tasks = rng.sample(TASKS, len(TASKS))
    rounds = zip_longest(*(variants(task, rng) for task in tasks))
    drawn = ((task, made) for each in rounds for task, made in zip(tasks, each, strict=True) if made)
    for number, (task, made) in enumerate(drawn):
        yield {"id": f"{name_of(task)}-{number:03}", "tags": ["smoke"] if number < 4 else [], **made}
