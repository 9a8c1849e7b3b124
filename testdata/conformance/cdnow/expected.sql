-- The cases of expected.tsv in SQL (SQLite), as they were counted over the raw file, without this project.
--
-- The file is loaded row by row: seq is the place in the file, amounts are cents. Functions from outside: rdiv(n, d) is
-- n/d rounded half away from zero, s regexp p whether p is found in s.

create table e(seq integer primary key,id text,day text,units int,amount int);
create table l as select *, rdiv(amount,units) price from e where day<='1998-05-31' order by seq; create index li on l(id,day);
create table a as select id, coalesce((select count(*) from l where l.id=m.id),0) n, coalesce((select sum(amount) from l where l.id=m.id),0) spend,
 (select min(day) from l where l.id=m.id) firstday, (select max(day) from l where l.id=m.id) lastday from (select distinct id from e) m; create index ai on a(id);
create table sp as select spend, (select count(*) from a) t, sum(count(*)) over (order by spend)-count(*) below from a group by spend;
create table np as select n, sum(count(*)) over (order by n)-count(*) below from a group by n;
create table b as select a.*, 5*sp.below/sp.t+1 sq, 5*np.below/sp.t+1 nq, cast(julianday(lastday)-julianday(firstday) as int) gap from a join sp using(spend) join np using(n);
drop table a; alter table b rename to a; create index ai2 on a(id);

-- has(purchase)
select count(*) from a where n>0;

-- spend > 500
select count(*) from a where spend>50000;

-- spend = 0
select count(*) from a where spend=0;

-- count(purchase) = 1
select count(*) from a where n=1;

-- max(purchase.amount) >= 250.50
select count(*) from a where (select max(amount) from l where l.id=a.id and 1)>=25050;

-- has(purchase) in last 3 months
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '1998-03-01' and '1998-05-31');

-- has(purchase) in last 1 quarter and not has(purchase) in last 92 days
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '1998-03-01' and '1998-05-31') and not exists(select 1 from l where l.id=a.id and day between '1998-03-01' and '1998-05-31');

-- has(purchase) in this week
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '1998-05-25' and '1998-05-31');

-- has(purchase) in previous 1 week
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '1998-05-18' and '1998-05-24');

-- has(purchase) in last 24 hours
select count(*) from a where exists(select 1 from l where l.id=a.id and day='1998-05-31');

-- has(purchase) in last 1 day
select count(*) from a where exists(select 1 from l where l.id=a.id and day='1998-05-31');

-- has(purchase) in last 25 hours
select count(*) from a where exists(select 1 from l where l.id=a.id and day>='1998-05-30');

-- sum(purchase.amount) in previous 1 quarter > 75
select count(*) from a where (select coalesce(sum(amount),0) from l where l.id=a.id and day between '1998-01-01' and '1998-03-31')>7500;

-- has(purchase) from 1997-12-24 to 1997-12-31 and not has(purchase) since 1998-01-01
select count(*) from a where exists(select 1 from l where l.id=a.id and day between '1997-12-24' and '1997-12-31') and not exists(select 1 from l where l.id=a.id and day between '1998-01-01' and '1998-05-31');

-- has(purchase) before 1997-01-02T00:00
select count(*) from a where exists(select 1 from l where l.id=a.id and day<'1997-01-02');

-- count(purchase where day = 1997-03-25) >= 2
select count(*) from a where (select count(*) from l where l.id=a.id and day='1997-03-25')>=2;

-- days since last(purchase) = 90
select count(*) from a where lastday=date('1998-05-31','-90 days');

-- date(first(purchase)) + 12 months <= date(last(purchase))
select count(*) from a where date(firstday,'+12 months')<=lastday;

-- gap between 100 and 200
select count(*) from a where gap between 100 and 200;

-- rate < 30
select count(*) from a where n>1 and 1.0*gap/(n-1)<30;

-- not rate < 30
select count(*) from a where not (n>1 and 1.0*gap/(n-1)<30);

-- life = "gone"
select count(*) from a where gap!=0 and julianday('1998-05-31')-julianday(lastday)>180;

-- life != "once" and last(purchase.amount) > first(purchase.amount)
select count(*) from a where gap!=0 and (select amount from l where l.id=a.id order by day desc,seq desc limit 1)>(select amount from l where l.id=a.id order by day,seq limit 1);

-- score >= 9
select count(*) from a where sq+nq>=9;

-- best
select count(*) from a where sq=5 and nq=5;

-- lapsing
select count(*) from a where sq=5 and nq=5 and gap!=0 and julianday('1998-05-31')-julianday(lastday)>180;

-- max(purchase.price) = 14.37
select count(*) from a where (select max(price) from l where l.id=a.id and 1)=1437;

-- avg(purchase.price) = 14.37
select count(*) from a where (select rdiv(sum(price),count(price)) from l where l.id=a.id and 1)=1437;

-- sum(purchase.amount) / sum(purchase.units) < 12.5
select count(*) from a where (select rdiv(sum(amount),sum(units)) from l where l.id=a.id and 1)<1250;

-- count(purchase where even) * 2 = count(purchase)
select count(*) from a where (select count(*) from l where l.id=a.id and units%2=0)*2=n;

-- sum(purchase.amount where month(at) in (11, 12)) > spend * 50%
select count(*) from a where (select coalesce(sum(amount),0) from l where l.id=a.id and substr(day,6,2) in ('11','12'))>rdiv(spend,2);

-- has(purchase where weekday(day) = 1 and hour(at) = 0 and year(at) = 1998)
select count(*) from a where exists(select 1 from l where l.id=a.id and strftime('%w',day)='1' and day>='1998');

-- distinct(purchase.day) != count(purchase)
select count(*) from a where (select count(distinct day) from l where l.id=a.id and 1)!=n;

-- customer starts with "000" and customer matches "[13579]$"
select count(*) from a where substr(id,1,3)='000' and id regexp '[13579]$';
