-- The cases of expected.tsv in SQL (SQLite), as they were counted over the raw file, without this project.
--
-- The rows with a customer are loaded one by one: seq is the place in the file, at is seconds since 1970, day, hour, wd
-- (1 Monday) and mon are local to Europe/London, an empty cell is null. Functions from outside: fsum and favg are the exact
-- sum and average rounded once, s regexp p is whether p is found in s. 1323475200 is 2011-12-10T00:00 in London.

create table e(seq integer primary key,id text,at int,day text,hour int,wd int,mon int,inv text,stock text,descr text,qty int,price real,country text);
create table l as select *, qty*price amount, substr(inv,1,1)='C' canc from e where at<=1323475200 order by seq; create index li on l(id,at);
create table a as select id, count(*) n, sum(canc) nc, count(distinct case when not canc then inv end) orders, fsum(amount) spend, max(day) lastday,min(day) firstday,max(at) lastat,min(at) firstat from l group by id; create index ai on a(id);

-- top(line.stock_code by count(line)) = "85123A"
select count(*) from a where (select stock from l where l.id=a.id and stock is not null and 1 group by stock order by count(*) desc, max(printf('%012d%08d',at,seq)) desc limit 1)='85123A';

-- top(line.country by distinct(line.invoice)) != "United Kingdom"
select count(*) from a where (select country from l where l.id=a.id and country is not null and 1 group by country order by count(distinct inv) desc, max(printf('%012d%08d',at,seq)) desc limit 1)!='United Kingdom';

-- top(line.stock_code by sum(line.quantity) where not cancelled) in last 90 days starts with "2"
select count(*) from a where substr((select stock from l where l.id=a.id and stock is not null and not canc and day between '2011-09-12' and '2011-12-10' group by stock order by sum(qty) desc, max(printf('%012d%08d',at,seq)) desc limit 1),1,1)='2';

-- top(line.description by max(line.quantity)) contains "HEART"
select count(*) from a where instr((select descr from l where l.id=a.id and descr is not null and 1 group by descr order by max(qty) desc, max(printf('%012d%08d',at,seq)) desc limit 1),'HEART');

-- distinct(line.country) >= 2
select count(*) from a where (select count(distinct country) from l where l.id=a.id and 1)>=2;

-- set(line.country) contains "Unspecified"
select count(*) from a where exists(select 1 from l where l.id=a.id and country='Unspecified');

-- has(line where description is unknown)
select count(*) from a where exists(select 1 from l where l.id=a.id and descr is null);

-- has(line where description ends with " ")
select count(*) from a where exists(select 1 from l where l.id=a.id and substr(descr,-1)=' ');

-- has(line where description matches "£")
select count(*) from a where exists(select 1 from l where l.id=a.id and instr(descr,'£'));

-- has(line where length(description) = 35)
select count(*) from a where exists(select 1 from l where l.id=a.id and length(descr)=35);

-- has(line where stock_code matches "^[A-Za-z]+$")
select count(*) from a where exists(select 1 from l where l.id=a.id and stock regexp '^[A-Za-z]+$');

-- has(line where lower(stock_code) = "m" and cancelled)
select count(*) from a where exists(select 1 from l where l.id=a.id and lower(stock)='m' and canc);

-- has(line where stock_code in ("POST", "DOT", "D", "CRUK"))
select count(*) from a where exists(select 1 from l where l.id=a.id and stock in ('POST','DOT','D','CRUK'));

-- count(line where hour(at) between 9 and 11) * 2 >= count(line)
select count(*) from a where (select count(*) from l where l.id=a.id and hour between 9 and 11)*2>=n;

-- weekday(last(line)) = 4 and month(first(line)) = 12
select count(*) from a where (select max(wd) from l where l.id=a.id and at=a.lastat)=4 and substr(firstday,6,2)='12';

-- has(line) in this week
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2011-12-05' and '2011-12-10');

-- has(line) in previous 2 weeks
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2011-11-21' and '2011-12-04');

-- has(line) in this quarter and not has(line) in previous 1 quarter
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2011-10-01' and '2011-12-10') and not exists(select 1 from l where l.id=a.id and day between '2011-07-01' and '2011-09-30');

-- has(line) in previous 1 year
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2010-01-01' and '2010-12-31');

-- has(line) in this day
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2011-12-10' and '2011-12-10');

-- has(line) in last 1 day
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2011-12-10' and '2011-12-10');

-- has(line) in last 2 days
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2011-12-09' and '2011-12-10');

-- has(line) in last 12 hours
select count(*) from a where exists(select 1 from l where l.id=a.id and at>1323432000);

-- has(line where hour(at) = 12) in last 690 minutes
select count(*) from a where exists(select 1 from l where l.id=a.id and at>1323433800 and hour=12);

-- has(line) since 2011-12-09T12:00
select count(*) from a where exists(select 1 from l where l.id=a.id and at>=1323432000);

-- has(line) before 2010-12-01T09:00
select count(*) from a where exists(select 1 from l where l.id=a.id and at<1291194000);

-- has(line) from 2011-03-26 to 2011-03-28
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '2011-03-26' and '2011-03-28');

-- has(line) in last 12 months and not has(line) in last 365 days
select count(*) from a where 0;

-- days since first(line) - days since last(line) >= 300
select count(*) from a where julianday(lastday)-julianday(firstday)>=300;

-- hours since last(line) = 36
select count(*) from a where (1323475200-lastat)/3600=36;

-- anniversary(first(line)) = 2011-12-10
select count(*) from a where substr(firstday,6)='12-10';

-- avg(line.unit_price where unit_price > 0) < 1.5
select count(*) from a where (select favg(price) from l where l.id=a.id and price>0)<1.5;

-- max(line.quantity) = -min(line.quantity)
select count(*) from a where (select max(qty)=-min(qty) from l where l.id=a.id and 1);

-- sum(line.amount) < 0
select count(*) from a where spend<0;

-- abs(sum(line.amount)) < 0.005
select count(*) from a where abs(spend)<0.005;

-- round(sum(line.quantity) / 100) = 5
select count(*) from a where (select sum(qty) from l where l.id=a.id and 1) between 450 and 549;

-- floor(sum(line.quantity) / 100) = -1
select count(*) from a where (select sum(qty) from l where l.id=a.id and 1) between -100 and -1;

-- ceil(sum(line.quantity) / 100) = 0
select count(*) from a where (select sum(qty) from l where l.id=a.id and 1) between -99 and 0;

-- round(sum(line.quantity) / 2) = -1
select count(*) from a where (select sum(qty) from l where l.id=a.id and 1) in (-1,-2);

-- count(line where cancelled) / count(line where not cancelled) > 10%
select count(*) from a where nc*10>n-nc and n>nc;

-- not count(line where cancelled) / count(line where not cancelled) > 10%
select count(*) from a where not (nc*10>n-nc and n>nc);

-- (sum(line.amount where cancelled) / count(line where cancelled)) is unknown
select count(*) from a where nc=0;

-- bucket(distinct(line.invoice where not cancelled), 1, 2, 5, 10) = "2-5"
select count(*) from a where orders between 2 and 4;

-- (when has(line where cancelled) then "returner" when count(line) > 100 then "keen" else "plain") > "returner"
select count(*) from a where nc=0;

-- ntile(10, days since last(line)) = 1
select count(*) from a where (select count(*) from a b where b.lastday>a.lastday)*10/(select count(*) from a)=0;

-- ntile(5, sum(line.amount)) = 5 and ntile(5, distinct(line.invoice where not cancelled)) = 5
select count(*) from a where (select count(*) from a b where b.spend<a.spend)*5/(select count(*) from a)=4 and (select count(*) from a b where b.orders<a.orders)*5/(select count(*) from a)=4;

-- (first(line.description) ?? "") = (last(line.description) ?? "")
select count(*) from a where (select descr from l where l.id=a.id and descr is not null order by at,seq limit 1)=(select descr from l where l.id=a.id and descr is not null order by at desc,seq desc limit 1);

-- customer ends with "00" and customer != "12800"
select count(*) from a where substr(id,-2)='00' and id!='12800';

-- customer in ("12346", "16446", "99999")
select count(*) from a where id in ('12346','16446','99999');
